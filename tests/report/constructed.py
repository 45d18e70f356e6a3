"""Reports built by hand, for the tests of how they are shown."""

from refkit.report.finding import Candidate, Finding, LinePair, Report, Rung, Side

MISSING_ACTIVATION = Finding(
    rung="forward",
    kind="bug",
    id="missing-activation",
    message="the activation after `conv2` is missing",
    candidates=(Candidate("missing-activation", 0.0), Candidate("layer-omitted", 0.031)),
    file="my_lenet.py",
    line=28,
    end_line=28,
    source="h = nn.max_pool(h, window_shape=(2, 2), strides=(2, 2))",
    yours=Side("float32", (7, 5, 5, 16), -1.25, 3.5),
    reference=Side("float32", (7, 5, 5, 16), 0.0, 3.5, "lenet.py", 52),
    max_abs=1.25,
    max_rel=0.35714,
    allowed=3.5e-6,
    help="apply the activation to what my_lenet.py:27 makes",
)
WRONG_STEP = Finding(
    rung="forward",
    kind="unexplained",
    message="the hidden state departs",
    candidates=(Candidate("gates-swapped", 0.4),),
    file="my_lstm.py",
    line=41,
    end_line=42,
    source="h = o * jnp.tanh(\n    c + c[::-1])",
    time_step=3,
    yours=Side("float32", (7, 128), -1.0, 1.0),
    reference=Side("float32", (7, 128), -0.5, 0.5),
    max_abs=0.5,
    allowed=1e-6,
)
MAX_POOL = Finding(
    "forward", "choice", "max pooling where the reference has average pooling", "pool", file="my_lenet.py", line=25
)
INITIALIZATION = Finding("initialization", "choice", "lecun_normal where the reference has he_normal", "initialization")

DIFFERENT = Report(
    reference="lenet",
    target="my_lenet.py:LeNet",
    framework="linen",
    options={"pool": "max"},
    rungs=(
        Rung("runs", "pass", "61,706 parameters"),
        Rung("structure", "pass"),
        Rung("initialization", "choice", "1 choice"),
        Rung("forward", "fail", "1 bug, 1 choice"),
        Rung("gradients", "not-run", "my_lenet.py has no loss; name it with `--loss`"),
    ),
    findings=(INITIALIZATION, MISSING_ACTIVATION, MAX_POOL),
    notes=("the image is handed over as NCHW",),
)
SAME = Report("mlp", "my_mlp.py", "nnx", rungs=(Rung("runs", "pass"), Rung("forward", "pass")))
NOTHING_COMPARED = Report("mlp", "my_mlp.py", rungs=(Rung("runs", "not-run", "my_mlp.py has no model"),))
UNEXPLAINED = Report(
    "lstm", "my_lstm.py:Net", "jax", rungs=(Rung("forward", "fail", "1 unexplained"),), findings=(WRONG_STEP,)
)
LINES = (
    LinePair(24, "h = x[:, [0]]", 48, "x = activation(x)  # f32[batch, 28, 28, 6]", (7, 28, 28, 6), "float32", True),
    LinePair(28, MISSING_ACTIVATION.source, 52, "x = pool(x)", (7, 5, 5, 16), "float32", False),
    LinePair(30, "n = 3"),
    LinePair(None, "", 53, "x = activation(x)", (7, 5, 5, 16), "float32", None),
)
