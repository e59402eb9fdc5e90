"""What lines of Chinese and Japanese text may begin with."""

# Signs and small letters that never start a line (JIS X 4051, "gyoto kinsoku").
NOT_FIRST = "、。，．,.!?！？：；:;）)」』】々ーっゃゅょッャュョ"  # noqa: RUF001
