"""What ``bench_marking`` measures with: clips, attacks, quality, speed, false alarms."""
