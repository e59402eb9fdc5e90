import threading
import tracemalloc
from contextlib import closing
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest

from generation.faces import topology
from generation.faces.errors import FaceNotFound, SeveralFaces
from generation.faces.topology import LOWER_INNER_LIP, UPPER_INNER_LIP
from generation.mesh import MeshEngine
from generation.mesh.calibration import SHUT_SEEN, SMALL_GAP, SMALL_SEEN, USUAL
from generation.mesh.compositing import Cutout
from generation.mesh.creases import BRIGHTEST, DEEPEST
from generation.mesh.matte import find_matte
from generation.mesh.mouth_shapes import Grin, measure_mouth
from generation.mesh.scene import Background, Scene
from generation.mesh.shapes import SHAPES, build_shapes, shape_weights
from generation.mesh.spectacles import take_off
from generation.mesh.subject import find_subject
from generation.motion.curves import Curves


def curves(frames=1, **values):
    """Curves at rest but for constants or (frames,) arrays."""
    held = {k: np.broadcast_to(np.asarray(v, np.float32), (frames,)) for k, v in values.items()}
    return Curves.rest(frames).with_(**held)


def frame_of(engine, **values):
    return next(engine.render(curves(**values)))


def seen(landmarker, engine, **values):
    """The face as measured in a drawn frame."""
    return landmarker.track(frame_of(engine, **values), engine.points)


def change(a, b):
    return np.abs(a.astype(int) - b.astype(int))


@pytest.fixture(scope="module")
def wild():
    """Two seconds in which everything moves as much as speech ever asks for."""
    t = np.arange(50) / 25
    return curves(
        50,
        gap=0.6 + 0.6 * np.sin(9 * t),
        jaw=0.45 + 0.45 * np.sin(9 * t),
        wide=0.5 + 0.5 * np.sin(5 * t),
        round=0.5 + 0.5 * np.sin(4 * t + 1),
        close=(np.sin(7 * t) > 0.8).astype(float),
        blink=np.clip(4 * np.sin(5 * t) - 3, 0, 1),
        gaze=0.1 * np.sin(3 * t),
        yaw=6 * np.sin(2 * t),
        pitch=5 * np.sin(3 * t),
        roll=4 * np.sin(2.5 * t),
        shift_x=0.3 * np.sin(2 * t),
        smile=np.sin(t),
        brow=0.3 + 0.3 * np.sin(6 * t),
    )


# --- frames


@pytest.mark.parametrize(("width", "height"), [(512, 512), (256, 256), (720, 1280), (640, 360)])
def test_frames_have_the_size_asked_for_and_follow_the_curves(landmarker, portrait, width, height):
    engine = MeshEngine(portrait, width, height, landmarker=landmarker)
    frames = list(engine.render(curves(2, gap=[0, 1.0], jaw=[0, 0.7])))
    assert [f.shape for f in frames] == [(height, width, 3)] * 2
    assert all(f.dtype == np.uint8 for f in frames)
    shut, opened = (landmarker.track(f, engine.points).mouth_gap() for f in frames)
    assert opened - shut > 0.4


def test_one_frame_per_row(engine):
    assert len(list(engine.render(curves(7)))) == 7


def test_the_same_curves_give_the_same_bytes_each_time(engine, wild):
    first = [f.tobytes() for f in engine.render(wild)]
    assert [f.tobytes() for f in engine.render(wild)] == first
    assert len(set(first)) == 50


def test_two_renderings_at_once_do_not_disturb_each_other(engine, wild):
    alone = [f.tobytes() for f in engine.render(wild)][:10]
    one, other = engine.render(wild), engine.render(curves(50, gap=0.9, yaw=-5))
    assert [next(one).tobytes() for _ in range(10) if next(other) is not None] == alone


def test_the_same_photo_prepared_twice_draws_the_same(landmarker, portrait, engine):
    again = MeshEngine(portrait.copy(), landmarker=landmarker)
    assert again.opening == engine.opening
    assert (frame_of(again, gap=0.7, yaw=3) == frame_of(engine, gap=0.7, yaw=3)).all()


def test_frames_are_drawn_one_at_a_time_in_constant_memory(engine):
    frames = engine.render(curves(100_000, gap=0.5, blink=0.5, yaw=2))
    for _ in range(3):
        next(frames)
    tracemalloc.start()
    base = tracemalloc.get_traced_memory()[0]
    for _ in range(40):
        next(frames)
    kept = tracemalloc.get_traced_memory()[0] - base
    peak = tracemalloc.get_traced_memory()[1] - base
    tracemalloc.stop()
    assert kept < engine.frame.nbytes
    assert peak < 40 * engine.frame.nbytes


@pytest.mark.parametrize("threads", [2, 3])
def test_several_threads_draw_exactly_the_frames_that_one_draws(engine, wild, threads):
    alone = [f.tobytes() for f in engine.render(wild)]
    assert [f.tobytes() for f in engine.render(wild, threads)] == alone


def test_several_threads_hold_a_few_frames_however_long_it_gets(engine):
    with closing(engine.render(curves(100_000, gap=0.5, blink=0.5, yaw=2), 2)) as frames:
        for _ in range(5):
            next(frames)
        tracemalloc.start()
        base = tracemalloc.get_traced_memory()[0]
        for _ in range(40):
            next(frames)
        kept, peak = (each - base for each in tracemalloc.get_traced_memory())
        tracemalloc.stop()
    assert kept < 30 * engine.frame.nbytes
    assert peak < 60 * engine.frame.nbytes


def test_closing_ends_the_threads_that_draw(engine):
    with closing(engine.render(curves(100_000, gap=0.5), 2)) as frames:
        next(frames)
        assert _drawing()
    assert not _drawing()


def test_a_frame_that_cannot_be_drawn_says_why_and_ends_the_threads(landmarker, portrait):
    class Failing(MeshEngine):
        def _draw(self, moved):
            if moved.controls.yaw > 4:
                raise ArithmeticError("this frame cannot be drawn")
            return super()._draw(moved)

    failing = Failing(portrait, landmarker=landmarker)
    turning = curves(100, yaw=np.arange(100) / 10)  # 0.1 degrees a frame: the 42nd is beyond 4
    with closing(failing.render(turning, 2)) as frames:
        assert len(list(islice(frames, 41))) == 41
        with pytest.raises(ArithmeticError, match="cannot be drawn"):
            next(frames)
    assert not _drawing()


def _drawing():
    return [t.name for t in threading.enumerate() if t.name.startswith(("in-order", "ahead"))]


def test_drawing_leaves_the_prepared_photo_alone(engine, wild):
    before = engine.frame.copy()
    for frame in engine.render(wild):
        frame[:] = 0
    assert (engine.frame == before).all()


# --- the mouth


def test_the_mouth_opens_as_far_as_the_gap_asks(landmarker, engine):
    gaps = [0.0, 0.4, 0.8, 1.2]
    measured = [seen(landmarker, engine, gap=g, jaw=0.75 * g).mouth_gap() for g in gaps]
    assert measured == sorted(measured)
    assert measured[0] < 0.25
    assert measured[-1] - measured[0] > 0.7
    assert 1.0 <= engine.opening.gain <= 1.6


def test_a_small_opening_is_seen_on_this_mouth(landmarker, engine):
    shut, small = (
        seen(landmarker, engine, gap=g, jaw=0.75 * g).mouth_gap() for g in (0.0, SMALL_GAP)
    )
    assert 0.6 * SMALL_SEEN < small - shut < 1.6 * SMALL_SEEN


def test_a_photo_with_parted_lips_starts_closed(landmarker, engine):
    in_photo = landmarker.track(engine.frame, engine.points).mouth_gap()
    assert in_photo > 0.8  # the portrait smiles with teeth
    assert seen(landmarker, engine).mouth_gap() < 0.3 * in_photo


def test_lips_of_a_laughing_photo_are_brought_together_until_no_teeth_are_seen(landmarker, engine):
    laughing = frame_of(engine, gap=2.0, jaw=1.5, smile=1)
    of_it = MeshEngine(laughing, 512, 512, landmarker=landmarker)
    assert landmarker.track(of_it.frame, of_it.points).mouth_gap() > 1.5
    assert of_it.opening.seal > 1
    assert seen(landmarker, of_it).mouth_gap() <= SHUT_SEEN
    of_it.opening = replace(of_it.opening, seal=1.0)
    assert seen(landmarker, of_it).mouth_gap() > SHUT_SEEN


def test_lips_that_are_shut_already_are_not_brought_further_together(engine):
    assert engine.opening.seal == 1


def test_a_closure_closes_whatever_the_gap_says(landmarker, engine):
    for gap in (0.2, 0.8, 1.4):
        closed = seen(landmarker, engine, gap=gap, jaw=0.3, close=1)
        assert closed.mouth_gap() < 0.25


def test_open_lips_show_teeth_and_a_dark_cavity(engine):
    corners = engine.points[[topology.RIGHT_MOUTH_CORNER, topology.LEFT_MOUTH_CORNER], :2]
    x, y = corners.mean(0).astype(int)
    half = int(np.linalg.norm(corners[1] - corners[0]) * 0.2)
    mouth = np.s_[y : y + 2 * half, x - half : x + half]
    shut, opened = (frame_of(engine, gap=g, jaw=0.75 * g)[mouth].mean(2) for g in (0, 1.3))
    assert np.percentile(opened, 2) < 0.5 * np.percentile(shut, 2)
    spread = opened.max(0) - opened.min(0)
    assert spread.min() > 80  # every column crosses bright teeth and the dark behind them


def test_lip_bite_leaves_less_than_an_open_vowel(landmarker, engine):
    bite = seen(landmarker, engine, gap=0.8, jaw=0.2, labiodental=1).mouth_gap()
    assert bite < 0.5 * seen(landmarker, engine, gap=0.8, jaw=0.6).mouth_gap()


def test_spread_and_rounded_lips_differ_in_width(landmarker, engine):
    def width(**values):
        points = seen(landmarker, engine, gap=0.4, jaw=0.3, **values).points
        return np.linalg.norm(
            points[topology.LEFT_MOUTH_CORNER] - points[topology.RIGHT_MOUTH_CORNER]
        )

    assert width(round=1, protrude=1) < 0.92 * width() < 0.97 * width(wide=1)


def mouth_width(points):
    return np.linalg.norm(points[topology.LEFT_MOUTH_CORNER] - points[topology.RIGHT_MOUTH_CORNER])


def test_a_grin_lets_go_for_rounded_and_closed_sounds(landmarker, engine):
    """The portrait smiles with all its teeth: 6.4 cm from corner to corner, rest is about 5."""
    grin = mouth_width(engine.points)
    assert mouth_width(seen(landmarker, engine, gap=0.3, round=1, protrude=1).points) < 0.75 * grin
    closed = seen(landmarker, engine, close=1)
    assert mouth_width(closed.points) < 0.9 * grin
    assert closed.mouth_gap() < 0.2
    kept = seen(landmarker, engine, close=1, smile=1)
    assert mouth_width(kept.points) > 1.05 * mouth_width(closed.points)  # a smile that is asked for


def test_lips_of_a_parted_photo_stay_shut_when_they_are_pushed_forward(landmarker, engine):
    """Fuller as the photo shows them they came apart again: "p" beside "u" was read as open."""
    points = engine.points
    mouth = measure_mouth(find_subject(engine.frame, points).head)
    fuller = dict(zip(SHAPES, build_shapes(mouth.head), strict=True))["protrude"][:, 1]
    upper, lower = (fuller[list(lip)] for lip in (UPPER_INNER_LIP, LOWER_INNER_LIP))
    assert np.abs(upper - lower)[3:8].max() < 0.04  # about the middle; each was half of 1.07 cm
    shut = seen(landmarker, engine, close=1).mouth_gap()
    assert seen(landmarker, engine, close=1, round=0.9, protrude=0.9).mouth_gap() < shut + 0.05


def test_shut_lips_are_rounded_less_than_open_ones():
    """A toothy face pursed shut lay too far from its photo (`identity_max` .382, bar .38)."""

    def wide(close):
        weights = shape_weights(curves(round=0.6, close=close).at(0), USUAL, Grin(0, 0))
        return weights[list(SHAPES).index("wide")]

    assert 0.92 * wide(0.0) < wide(1.0) < 0.8 * wide(0.0)  # narrower is less than nothing


def test_rounded_lips_keep_the_teeth_in_the_dark(landmarker, engine):
    def between_the_lips(**values):
        frame = frame_of(engine, gap=0.5, jaw=0.35, **values)
        points = landmarker.track(frame, engine.points).points
        top, bottom = points[[13, 14], :2].round().astype(int)
        return np.percentile(frame[top[1] : bottom[1], top[0] - 6 : top[0] + 6].mean(2), 80)

    assert between_the_lips(round=1, protrude=1) < 0.8 * between_the_lips(wide=1)


def test_the_jaw_takes_the_chin_down(landmarker, engine):
    rest, opened = (seen(landmarker, engine, gap=g, jaw=g) for g in (0, 1.0))
    down = opened.points[topology.CHIN, 1] - rest.points[topology.CHIN, 1]
    assert down / rest.pose().scale == pytest.approx(1.0, abs=0.6)


# --- eyes, brows, expression


def test_a_blink_shuts_both_eyes_and_opens_them_again(landmarker, engine):
    ratios = [seen(landmarker, engine, blink=b).eye_aspect_ratio() for b in (0, 0.5, 1, 0.5, 0)]
    assert ratios[2] < 0.45 * ratios[0]
    assert ratios[2] < ratios[1] < ratios[0]
    assert ratios[3:] == ratios[1::-1]
    shut = seen(landmarker, engine, blink=1).blendshapes
    assert min(shut["eyeBlinkLeft"], shut["eyeBlinkRight"]) > 0.4


def test_a_shut_lid_is_skin_without_lashes_stretched_over_it(engine):
    """Where the eye was is lid, about as bright as the skin below it; lashes lie along its edge."""
    shut = frame_of(engine, blink=1).mean(2)
    for upper, lower, _ in (topology.RIGHT_EYE, topology.LEFT_EYE):
        top, bottom = engine.points[list(upper), :2][2:-2], engine.points[list(lower), :2][2:-2]
        lid = (top + 0.3 * (bottom - top)).round().astype(int)
        skin = (bottom + 1.2 * (bottom - top)).round().astype(int)
        lids, skins = shut[lid[:, 1], lid[:, 0]], shut[skin[:, 1], skin[:, 0]]
        assert lids.min() > 0.7 * skins.mean()
        assert np.ptp(lids) < 45
        edge = (top + 1.1 * (bottom - top)).round().astype(int)
        dark = [shut[y - 3 : y + 6, x].min() for x, y in edge]
        assert np.median(dark) < 0.75 * np.median(skins)


def test_gaze_moves_the_irises_to_the_viewers_right(landmarker, engine):
    left, right = (seen(landmarker, engine, gaze=g).points for g in (-0.2, 0.2))
    for iris in (topology.RIGHT_IRIS[0], topology.LEFT_IRIS[0]):
        assert right[iris, 0] - left[iris, 0] > 1.5


def test_a_smile_raises_the_corners_and_a_sad_mouth_lowers_them(landmarker, engine):
    def corners(smile):
        points = seen(landmarker, engine, smile=smile).points
        return points[[topology.RIGHT_MOUTH_CORNER, topology.LEFT_MOUTH_CORNER], 1].mean()

    assert corners(1) < corners(0) - 1
    assert corners(-1) > corners(0) + 1


def test_brows_go_up_and_a_frown_takes_them_down(landmarker, engine):
    def brow_height(**values):
        points = seen(landmarker, engine, **values).points
        return points[list(topology.BROWS), 1].mean()

    assert brow_height(brow=0.5) < brow_height() - 2
    inner = [55, 285]
    frowning = seen(landmarker, engine, frown=1).points[inner, 1].mean()
    assert frowning > seen(landmarker, engine).points[inner, 1].mean() + 0.8


def test_a_squint_narrows_the_eyes(landmarker, engine):
    wide, narrow = (seen(landmarker, engine, squint=s).eye_aspect_ratio() for s in (0, 1))
    assert narrow < wide


# --- glasses and folds


@pytest.fixture(scope="module")
def bespectacled(landmarker, portrait, face):
    """The portrait with drawn glasses, (512, 512, 3)."""
    large = cv2.resize(portrait, (1536, 1536), interpolation=cv2.INTER_CUBIC)
    eyes = [3 * face.points[list(u + low), :2].mean(0) for u, low, _ in topology_of_eyes()]
    for x, y in eyes:
        axes = (int(0.30 * 3 * face.height / 2), int(0.24 * 3 * face.height / 2))
        cv2.ellipse(large, (int(x), int(y) + 8), axes, 0, 0, 360, (25, 20, 20), 6, cv2.LINE_AA)
    (ax, ay), (bx, by) = eyes
    reach = int(0.30 * 3 * face.height / 2)
    bridge = ((int(ax) + reach, int(ay) + 8), (int(bx) - reach, int(by) + 8))
    cv2.line(large, *bridge, (25, 20, 20), 6, cv2.LINE_AA)
    return cv2.resize(large, (512, 512), interpolation=cv2.INTER_AREA)


def topology_of_eyes():
    return topology.RIGHT_EYE, topology.LEFT_EYE


def test_rims_hold_still_while_the_lids_and_brows_behind_them_move(landmarker, bespectacled):
    engine = MeshEngine(bespectacled, landmarker=landmarker)
    rest = frame_of(engine).astype(int)
    rims = cv2.GaussianBlur(engine.frame.mean(2), (0, 0), 0.8) < 60
    eyes = engine.points[list(sum((u + low for u, low, _ in topology_of_eyes()), ())), :2]
    (left, top), (right, bottom) = eyes.min(0).astype(int) - 24, eyes.max(0).astype(int) + 24
    inside = np.zeros(rims.shape, bool)
    inside[top:bottom, left:right] = True
    for upper, lower, _ in topology_of_eyes():  # pupils and lashes are dark as well
        eye = np.vstack([engine.points[list(upper), :2], engine.points[list(lower), :2]])
        (x0, y0), (x1, y1) = eye.min(0).astype(int) - 10, eye.max(0).astype(int) + 10
        inside[y0:y1, x0:x1] = False
    rims &= inside
    assert rims.sum() > 300
    moved = frame_of(engine, blink=1, brow=0.4, squint=1).astype(int)
    assert np.percentile(change(moved, rest).max(2)[rims], 90) < 25


def test_who_wears_no_glasses_has_none_taken_off(engine, landmarker):
    subject = find_subject(engine.frame, engine.points)
    same, rims = take_off(subject)
    assert rims is None
    assert same is subject


def test_smile_brows_and_frown_shade_the_face_within_bounds(engine):
    for curve in ("smile", "frown"):  # and not the brows: hair covers this forehead
        light = np.ones_like(engine.frame) * np.uint8(200)
        engine._creases.draw(light, engine._subject.grid.positions, curves(**{curve: 1}).at(0))
        assert 200 * (1 - 1.1 * DEEPEST) - 1 <= light.min() < 200
        assert light.max() <= 200 * (1 + 1.1 * BRIGHTEST) + 1


# --- the head


@pytest.mark.parametrize(("name", "degrees"), [("yaw", 6), ("pitch", 5), ("roll", 5)])
def test_the_head_turns_the_way_and_about_as_far_as_asked(landmarker, engine, name, degrees):
    low, high = (
        getattr(seen(landmarker, engine, **{name: sign * degrees}).pose(), name) for sign in (-1, 1)
    )
    assert high - low > 0.5 * 2 * degrees
    assert high - low < 1.5 * 2 * degrees


def test_a_shift_moves_the_face_right_and_up(landmarker, engine):
    rest = seen(landmarker, engine)
    moved = seen(landmarker, engine, shift_x=0.4, shift_y=0.3)
    by = (moved.points[:, :2] - rest.points[:, :2]).mean(0) / rest.pose().scale
    assert by == pytest.approx((0.4, -0.3), abs=0.12)


def test_the_frames_border_never_moves(engine, wild):
    rest = frame_of(engine)
    border = np.ones(engine.frame.shape[:2], bool)
    border[2:-2, 2:-2] = False
    for frame in engine.render(wild):
        assert change(frame, rest)[border].max() <= 3


def test_nothing_tears_however_the_head_moves(engine, wild):
    """Outside the mouth and the eyes a drawn frame has no edge that the photo does not have."""
    x, y = engine.points[list(topology.FACE_OVAL), :2].mean(0)
    outside = np.ones(engine.frame.shape[:2], bool)
    outside[int(y) - 90 : int(y) + 110, int(x) - 75 : int(x) + 75] = False
    steepest = cv2.Laplacian(engine.frame, cv2.CV_32F)
    limit = 1.35 * np.abs(steepest[outside]).max()
    for frame in engine.render(wild):
        assert np.abs(cv2.Laplacian(frame, cv2.CV_32F)[outside]).max() < limit


def test_at_rest_everything_above_the_lids_is_the_photo_but_the_rim_of_the_hair(engine):
    lids = list(topology.RIGHT_EYE[1] + topology.LEFT_EYE[1])
    above = np.s_[: int(engine.points[lids, 1].max())]
    difference = change(frame_of(engine), engine.frame).max(2)[above]
    cover = find_matte(engine.frame, engine.points).cover[above]
    assert difference[cover > 0.99].max() <= 2
    away = cv2.dilate(cover, np.ones((13, 13), np.uint8)) < 0.01  # a hundredth of the frame
    assert difference[away].max() == 0
    assert difference.max() <= 24  # where hair and background were told apart and laid together
    assert (difference > 2).mean() < 0.05


# --- person and background


def flow(before, after):
    """Displacement (h, w, 2) px from one frame to the next, by dense optical flow."""
    grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in (before, after)]
    return cv2.calcOpticalFlowFarneback(*grey, None, 0.5, 3, 15, 3, 7, 1.5, 0)


def test_the_background_holds_still_while_the_head_turns(engine, wild):
    assert engine.cut_out
    rest = frame_of(engine)
    background = find_matte(engine.frame, engine.points).cover < 0.01
    background = cv2.erode(background.astype(np.uint8), np.ones((61, 61))) > 0  # nobody comes there
    assert background.mean() > 0.1
    for frame in list(engine.render(wild))[::7]:
        assert (frame[background] == rest[background]).all()


def test_right_beside_the_hair_nothing_bends(engine):
    """What the head uncovers comes from behind it; what it does not reach stays where it was."""
    rest, turned = frame_of(engine), frame_of(engine, yaw=5, roll=4)
    cover = find_matte(engine.frame, engine.points).cover
    near = cv2.dilate(cover, np.ones((33, 33))) < 0.01
    near[int(engine.points[topology.CHIN, 1]) :] = False
    beside = near & (cv2.dilate(cover, np.ones((81, 81))) > 0.5)
    assert beside.sum() > 1000
    moved = np.linalg.norm(flow(rest, turned), axis=2)[beside]
    assert np.percentile(moved, 95) < 0.2
    hair = cover > 0.99
    hair[int(engine.points[topology.FOREHEAD, 1]) :] = False
    assert np.median(np.linalg.norm(flow(rest, turned), axis=2)[hair]) > 1.5


def drawn(cutout, source):
    region, cover = cutout.sample(source)
    cutout.over(region, cover)
    return region


def test_what_only_touches_the_photos_top_ends_there_and_goes_on_at_its_sides():
    cover = np.zeros((64, 64), np.float32)
    cover[8:, :] = 1  # shoulders from side to side
    cover[:8, 30:34] = 1  # the very top of a head
    person, behind = (np.full((64, 64, 3), value, np.uint8) for value in (200, 50))
    cutout = Cutout(person, cover, behind, 100.0)
    y, x = np.mgrid[0:64, 0:64].astype(np.float32)
    aside = np.stack([x + 5, y], -1)  # all of it 5 px to the left: what is beyond the right side?
    region = drawn(cutout, aside)
    assert (region[40, 40:] == 200).all()
    down = np.stack([x, y - 5], -1)
    region = drawn(cutout, down)
    assert (region[:4, 32] == 50).all()
    assert (region[7, 32] == 200).all()


def test_a_head_cut_through_by_the_photos_top_goes_on_above_it_as_wide_as_it_is_there():
    rows = np.arange(64)[:, None]
    cover = (abs(np.arange(64) - 32) < 24 - rows // 4).astype(np.float32)  # narrower further down
    person, behind = (np.full((64, 64, 3), value, np.uint8) for value in (200, 50))
    cutout = Cutout(person, cover, behind, 60.0)
    y, x = np.mgrid[0:64, 0:64].astype(np.float32)
    region = drawn(cutout, np.stack([x, y - 10], -1))
    assert (region[:10] == region[10]).all()  # mirrored, it would become narrower again


def test_breath_lifts_the_shoulders_and_hardly_the_face(engine):
    rest, full = frame_of(engine), frame_of(engine, breath=0.3)
    up = -flow(rest, full)[..., 1]
    chin = engine.points[topology.CHIN].astype(int)
    face = np.median(up[chin[1] - 60 : chin[1] - 10, chin[0] - 20 : chin[0] + 20])
    shoulders = np.percentile(up[chin[1] + 70 : -50], 90)  # most of the black collar shows no flow
    assert shoulders > 1.0
    assert face < 0.7 * shoulders


@pytest.mark.parametrize(
    "scene",
    [
        Scene(Background.PLAIN, colour=(20, 60, 200)),
        Scene(Background.PICTURE, picture=np.full((300, 900, 3), (20, 60, 200), np.uint8)),
    ],
)
def test_another_background_is_behind_the_person_and_nowhere_else(landmarker, portrait, scene):
    engine = MeshEngine(portrait, scene=scene, landmarker=landmarker)
    frame = frame_of(engine, yaw=4)
    cover = find_matte(engine.frame, engine.points).cover
    away = cv2.dilate(cover, np.ones((41, 41))) < 0.01
    assert (frame[away] == (20, 60, 200)).all()
    face = engine.points[topology.FOREHEAD, :2].astype(int)
    photo = frame_of(MeshEngine(portrait, landmarker=landmarker), yaw=4)
    inside = np.s_[face[1] : face[1] + 60, face[0] - 30 : face[0] + 30]
    assert (frame[inside] == photo[inside]).all()


def test_a_blurred_background_loses_its_detail_and_keeps_its_colour(landmarker, portrait, engine):
    blurred = frame_of(MeshEngine(portrait, scene=Scene(Background.BLUR), landmarker=landmarker))
    away = cv2.dilate(find_matte(engine.frame, engine.points).cover, np.ones((15, 15))) < 0.01
    sharp, soft = (
        np.abs(cv2.Laplacian(f, cv2.CV_32F))[away].mean() for f in (engine.frame, blurred)
    )
    assert soft < 0.35 * sharp
    assert blurred[away].mean(0) == pytest.approx(engine.frame[away].mean(0), abs=4)


def test_without_somebody_at_the_face_there_is_no_matte(engine, portrait):
    grey = np.full_like(portrait, 128)
    assert find_matte(grey, engine.points) is None


def test_a_scene_names_a_picture_and_gives_it_or_neither():
    with pytest.raises(ValueError, match="picture"):
        Scene(Background.PICTURE)


# --- what is refused


def test_a_photo_without_a_face_is_refused(landmarker):
    with pytest.raises(FaceNotFound):
        MeshEngine(np.full((300, 300, 3), 90, np.uint8), landmarker=landmarker)


def test_a_photo_of_two_people_is_refused(landmarker, portrait):
    with pytest.raises(SeveralFaces):
        MeshEngine(np.hstack([portrait, portrait]), landmarker=landmarker)


def test_a_grey_photo_and_a_tiny_frame_are_refused(landmarker, portrait):
    with pytest.raises(ValueError, match="RGB"):
        MeshEngine(portrait[..., 0], landmarker=landmarker)
    with pytest.raises(ValueError, match="pixels wide"):
        MeshEngine(portrait, 64, 64, landmarker=landmarker)
