"""NumPy rules for JAX primitives: a jaxpr traced in float32 is evaluated in float64 with nothing compiled.

A rule is called as `rule(inputs, params, avals_out, wide)` and returns one array for each output. Floating values are
held in float64 where `wide`, in float32 otherwise (float64 for a float64 aval), whatever the aval says; complex ones
likewise; integers and booleans keep the aval's dtype; typed random keys are uint32 with their words on trailing axes.
Rules read inputs and never write to them, and outputs may be views of inputs. `stored` turns whatever a rule returned,
or a value from outside, into the form in which it is held. Rules divide by zero as XLA does, so the caller holds
`numpy.errstate(all="ignore")` around a whole evaluation instead of each rule around each call.
"""

from refkit.tracing.primitives import (
    arithmetic,
    bits,
    callbacks,
    casting,
    contraction,
    convolution,
    cumulation,
    fourier,
    gathering,
    inert,
    joining,
    linear_algebra,
    ordering,
    padding,
    random,
    reduction,
    scattering,
    shaping,
    slicing,
    special,
    windows,
)
from refkit.tracing.primitives.storage import Rule, stored

FAMILIES = (
    arithmetic,
    bits,
    callbacks,
    casting,
    contraction,
    convolution,
    cumulation,
    fourier,
    gathering,
    inert,
    joining,
    linear_algebra,
    ordering,
    padding,
    random,
    reduction,
    scattering,
    shaping,
    slicing,
    special,
    windows,
)

RULES: dict[str, Rule] = {name: rule for family in FAMILIES for name, rule in family.RULES.items()}

__all__ = ["RULES", "Rule", "stored"]
