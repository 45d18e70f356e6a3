"""APIs of jax, flax, optax and numpy that older files use: which changed, and what replaced each."""

import re

GONE = {
    # jax
    "jax.tree_map": "use `jax.tree.map`",
    "jax.tree_multimap": "use `jax.tree.map`, which takes several trees",
    "jax.tree_util.tree_multimap": "use `jax.tree.map`, which takes several trees",
    "jax.tree_leaves": "use `jax.tree.leaves`",
    "jax.tree_flatten": "use `jax.tree.flatten`",
    "jax.tree_unflatten": "use `jax.tree.unflatten`",
    "jax.tree_structure": "use `jax.tree.structure`",
    "jax.tree_reduce": "use `jax.tree.reduce`",
    "jax.tree_all": "use `jax.tree.all`",
    "jax.tree_transpose": "use `jax.tree.transpose`",
    "jax.partial": "use `functools.partial`",
    "jax.random.KeyArray": "annotate keys as `jax.Array`",
    "jax.random.PRNGKeyArray": "annotate keys as `jax.Array`",
    "jax.random.shuffle": "use `jax.random.permutation`",
    "jax.experimental.stax": "it moved to `jax.example_libraries.stax`",
    "jax.experimental.minmax": "it became `jax.example_libraries.optimizers`, whose `momentum` and others give three functions",
    "jax.experimental.optimizers": "it moved to `jax.example_libraries.optimizers`",
    "jax.experimental.loops": "use `jax.lax.fori_loop` or `jax.lax.scan`",
    "jax.experimental.maps": "use `jax.shard_map` or `jax.vmap`",
    "jax.experimental.host_callback": "use `jax.pure_callback` or `jax.debug.callback`",
    "jax.experimental.ann": "use `jax.lax.approx_max_k`",
    "jax.experimental.enable_x64": "use `jax.enable_x64`",
    "jax.experimental.PartitionSpec": "use `jax.sharding.PartitionSpec`",
    "jax.experimental.pjit.PartitionSpec": "use `jax.sharding.PartitionSpec`",
    "jax.ops.index_update": "use `x.at[index].set(y)`",
    "jax.ops.index_add": "use `x.at[index].add(y)`",
    "jax.ops.index_mul": "use `x.at[index].multiply(y)`",
    "jax.ops.index_min": "use `x.at[index].min(y)`",
    "jax.ops.index_max": "use `x.at[index].max(y)`",
    "jax.ops.index": "index with `x.at[…]` directly",
    "jax.abstract_arrays": "`ShapedArray` is in `jax.core`",
    "jax.ShapedArray": "use `jax.core.ShapedArray` or `jax.ShapeDtypeStruct`",
    "jax.config": "`config` is an object now: write `import jax` and `jax.config.update(…)`",
    "jax.linear_util": "use `jax.extend.linear_util`",
    "jax.api": "import `jit`, `grad` and the others from `jax`",
    "jax.xla": "its parts are no longer public",
    "jax.xla_computation": "use `jax.jit(f).lower(…)`",
    "jax.interpreters.xla.DeviceArray": "arrays are `jax.Array`",
    "jax.interpreters.pxla.ShardedDeviceArray": "arrays are `jax.Array`",
    "jax.numpy.DeviceArray": "arrays are `jax.Array`",
    "jax.lib.xla_bridge": "use `jax.default_backend()` and `jax.devices()`",
    "jax.lib.xla_client": "use `jax.extend` where it has the same",
    "jax.lib.xla_extension": "use `jax.extend` where it has the same",
    "jax.core.Primitive": "use `jax.extend.core.Primitive`",
    "jax.core.Jaxpr": "use `jax.extend.core.Jaxpr`",
    "jax.core.ClosedJaxpr": "use `jax.extend.core.ClosedJaxpr`",
    "jax.core.JaxprEqn": "use `jax.extend.core.JaxprEqn`",
    "jax.core.Literal": "use `jax.extend.core.Literal`",
    "jax.core.Var": "use `jax.extend.core.Var`",
    "jax.core.ConcreteArray": "use `jax.core.ShapedArray`",
    "jax.core.get_aval": "use `jax.typeof`",
    "jax.core.trace_state_clean": "it is no longer public",
    "jax.mask": "pad and mask by hand",
    "jax.curry": "use `functools.partial`",
    "jax.soft_pmap": "use `jax.vmap` inside `jax.shard_map`",
    "jax.custom_transforms": "use `jax.custom_vjp`",
    "jax.defvjp": "use `jax.custom_vjp`",
    "jax.device_put_replicated": "use `jax.device_put` with a sharding",
    "jax.device_put_sharded": "use `jax.device_put` with a sharding",
    "jax.lax.tie_in": "leave it out: it has no effect since jax 0.2",
    "jax.lax.pvary": "use `jax.lax.pcast(…, to='varying')`",
    "jax.nn.normalize": "use `jax.nn.standardize`",
    "jax.scipy.misc": "`logsumexp` is in `jax.scipy.special`",
    "jax.scipy.linalg.tril": "use `jax.numpy.tril`",
    "jax.numpy.row_stack": "use `jax.numpy.vstack`",
    "jax.numpy.trapz": "use `jax.scipy.integrate.trapezoid` or `jax.numpy.trapezoid`",
    "jax.numpy.in1d": "use `jax.numpy.isin`",
    "jax.numpy.msort": "use `jax.numpy.sort(x, axis=0)`",
    "jax.numpy.alltrue": "use `jax.numpy.all`",
    "jax.numpy.sometrue": "use `jax.numpy.any`",
    "jax.numpy.product": "use `jax.numpy.prod`",
    "jax.numpy.cumproduct": "use `jax.numpy.cumprod`",
    "jax.numpy.round_": "use `jax.numpy.round`",
    "jax.numpy.float": "use `jax.numpy.float32`",
    "jax.numpy.int": "use `jax.numpy.int32`",
    # flax
    "flax.nn": "the old `flax.nn` is now `flax.linen`, with modules written as dataclasses",
    "flax.deprecated": "the old `flax.nn` is now `flax.linen`, with modules written as dataclasses",
    "flax.optim": "use `optax`, with `flax.training.train_state.TrainState`",
    "flax.linen.LSTM": "use `nn.RNN(nn.LSTMCell(features))`",
    "flax.linen.stateful": "use `self.variable(…)` and `mutable=` of `apply`",
    "flax.linen.optimizers": "use `optax`",
    "flax.nnx.Dense": "in nnx it is `nnx.Linear(in_features, out_features, rngs=rngs)`",
    "flax.nnx.LSTM": "use `nnx.RNN(nnx.LSTMCell(in_features, hidden_features, rngs=rngs))`",
    "flax.nnx.TreeNode": "use `nnx.Pytree`",
    "flax.nnx.variable_state": "variables are their own state: use `nnx.Variable`",
    "flax.nnx.make_rng": "use `rngs()` of an `nnx.Rngs`",
    "flax.nnx.Scan": "use `nnx.scan` with `in_axes` and `out_axes`",
    "flax.nnx.Vmap": "use `nnx.vmap` with `in_axes` and `out_axes`",
    "flax.nnx.Jit": "use `nnx.jit`",
    "flax.nnx.Remat": "use `nnx.remat`",
    "flax.nnx.init": "construct the module, inside `nnx.jit` if need be",
    "flax.nnx.create_abstract": "use `nnx.eval_shape`",
    "flax.nnx.experimental": "use `flax.nnx` itself",
    # optax
    "optax.additive_weight_decay": "use `optax.add_decayed_weights`",
    "optax.maybe_update": "use `optax.conditionally_mask` or `optax.conditionally_transform`",
    "optax.control_variates": "it was removed",
    "optax.stochastic_gradient_estimators": "it was removed",
    "optax.hessian_diag": "use `optax.second_order.hessian_diag`",
    "optax.fisher_diag": "use `optax.second_order.fisher_diag`",
    "optax.hvp": "use `optax.second_order.hvp`",
    "optax.reduce_on_plateau": "use `optax.contrib.reduce_on_plateau`",
    "optax.schedule_free": "use `optax.contrib.schedule_free`",
    "optax.sam": "use `optax.contrib.sam`",
    "optax.softmax_cross_entropy_loss": "use `optax.softmax_cross_entropy`",
    # numpy
    "numpy.float": "use `float` or `numpy.float32`",
    "numpy.int": "use `int` or `numpy.int32`",
    "numpy.bool8": "use `numpy.bool_`",
    "numpy.object": "use `object`",
    "numpy.product": "use `numpy.prod`",
    "numpy.cumproduct": "use `numpy.cumprod`",
    "numpy.in1d": "use `numpy.isin`",
    "numpy.trapz": "use `numpy.trapezoid`",
    "numpy.NaN": "use `numpy.nan`",
    "numpy.Inf": "use `numpy.inf`",
    "numpy.float_": "use `numpy.float64`",
}

CHANGED = (
    # what the message has, what the line has, the sentence
    (
        r"[Mm]issing required argument `wrt`",
        "",
        "`nnx.Optimizer` wants `wrt` since flax 0.11: write `nnx.Optimizer(model, tx, wrt=nnx.Param)`",
    ),
    (
        r"[Mm]issing required argument `grads`|Optimizer\.update\(\) missing 1 required positional argument",
        "",
        "`optimizer.update` takes the model since flax 0.11: write `optimizer.update(model, grads)`",
    ),
    (
        r"does not have attribute 'model' since Flax",
        "",
        "`nnx.Optimizer` no longer keeps the model since flax 0.11: keep it yourself, or use `nnx.ModelAndOptimizer`",
    ),
    (
        r"Found (unexpected )?data on value .* static attribute '(?P<attribute>\w+)'",
        "",
        "modules kept in a plain list, tuple or dict must be in `nnx.List` or `nnx.Dict` since flax 0.12: "
        "write `self.{attribute} = nnx.List([…])`",
    ),
    (
        r"Cell\.__init__\(\) missing 1 required positional argument: 'features'",
        "",
        "recurrent cells take their size since flax 0.7: write `nn.LSTMCell(features=hidden)`",
    ),
    (
        r"initialize_carry\(\) (takes 3 positional arguments|got an unexpected keyword|missing)|not subscriptable",
        r"initialize_carry",
        "`initialize_carry` changed in flax 0.7: "
        "write `nn.LSTMCell(features=hidden).initialize_carry(key, (batch, in_features))`",
    ),
    (
        r"RNGs must be provided to initialize the cell carry|unhashable type: 'slice'|Too many indices",
        r"initialize_carry",
        "`initialize_carry` of an nnx cell is called as `cell.initialize_carry((batch, in_features), rngs=rngs)`",
    ),
    (
        r"RNN\.__init__\(\) got an unexpected keyword argument 'cell_size'",
        "",
        "`nn.RNN` takes only the cell since flax 0.7, and the cell its size: "
        "write `nn.RNN(nn.LSTMCell(features=hidden))`",
    ),
    (
        r"scan\(\) got an unexpected keyword argument '(axis|variable_in_axes|variable_out_axes)'",
        "",
        "`nn.scan` changed: use `variable_axes=`, `variable_broadcast=`, `split_rngs=`, `in_axes=` and `out_axes=`",
    ),
    (
        r"(scan|vmap)\(\) got an unexpected keyword argument '(variable_\w+|split_rngs|state_axes|in_args_axes)'",
        r"",
        "the lifted transforms of nnx take `in_axes=` and `out_axes=` with `nnx.StateAxes` now",
    ),
    (
        r"(grad|value_and_grad|jit)\(\) got an unexpected keyword argument 'wrt'",
        "",
        "the transforms of nnx no longer take `wrt`: write `nnx.grad(f, argnums=nnx.DiffState(0, nnx.Param))`",
    ),
    (
        r"type object '\w+' has no attribute 'partial'|has no attribute \"init_by_shape\"",
        "",
        "`Module.partial` and `init_by_shape` belong to the old `flax.nn`: "
        "linen modules are constructed as `nn.Dense(features=10)`",
    ),
    (
        r"'dict' object has no attribute 'unfreeze'",
        "",
        "`init` gives a plain dict since flax 0.7: leave `.unfreeze()` out, or write `flax.core.unfreeze(variables)`",
    ),
    (
        r"dict\.copy\(\) takes no (keyword )?arguments",
        "",
        "`init` gives a plain dict since flax 0.7: write `flax.core.copy(variables, {{…}})`",
    ),
    (
        r"(zeros|ones)\(\) missing 2 required positional arguments: 'key' and 'shape'",
        "",
        "`initializers.zeros` and `ones` are initializers themselves: "
        "leave the parentheses out, or write `zeros_init()`",
    ),
    (
        r"variance_scaling\.<locals>\.init",
        "",
        "initializers such as `glorot_normal` are made by a call: write `kernel_init=nn.initializers.glorot_normal()`",
    ),
    (
        r"clip\(\) got an unexpected keyword argument 'a_(min|max)'",
        "",
        "`jnp.clip` no longer takes `a_min` and `a_max`: write `jnp.clip(x, min=…, max=…)`",
    ),
    (
        r"reshape\(\) got an unexpected keyword argument 'newshape'",
        "",
        "`jnp.reshape` takes `shape`, no longer `newshape`",
    ),
    (
        r"(sum|mean|max|min|prod|var|std) requires ndarray or scalar arguments, got <class '(list|tuple)'>",
        "",
        "jax.numpy no longer takes lists: wrap the list in `jnp.array(…)`",
    ),
    (
        r"do not support in-place item assignment|does not support item assignment",
        r"",
        "JAX arrays cannot be assigned into: write `x = x.at[index].set(y)`",
    ),
    (r"'[\w.]*ArrayImpl' object has no attribute 'to_py'", "", "`to_py` of arrays was removed: use `numpy.asarray(x)`"),
    (r"device_buffer has been deprecated", "", "`device_buffer` was removed: use `x.addressable_data(0)`"),
    (
        r"'Config' object has no attribute '(enable_omnistaging|FLAGS|parse_flags_with_absl)'",
        "",
        "this setting of `jax.config` was removed: leave the line out",
    ),
    (
        r"'TrainState' object has no attribute '(optimizer|target)'",
        "",
        "`flax.optim` is gone: a TrainState has `params`, `tx` and `opt_state`",
    ),
    (
        r"`concrete` option to `jax\.checkpoint`",
        "",
        "`jax.checkpoint` no longer takes `concrete`: use `static_argnums`",
    ),
    (
        r"Expected the input to have a dtype that is a subdtype of <class 'numpy.integer'>",
        "",
        "`softmax_cross_entropy_with_integer_labels` insists on integer labels: write `labels.astype(int)`",
    ),
)

_NAMED = (
    re.compile(r"[Mm]odule '?(?P<owner>[\w.]+?)'? has no attribute '(?P<name>\w+)'"),
    re.compile(r"cannot import name '(?P<name>\w+)' from '(?P<owner>[\w.]+)'"),
    re.compile(r"No module named '(?P<name>[\w.]+)'"),
    re.compile(r"^`?(?P<name>(?:jax|np|numpy)(?:\.\w+)+)`? (?:is|was|has been) (?:deprecated|removed)"),
)
_CHANGED = tuple((re.compile(message), re.compile(line), sentence) for message, line, sentence in CHANGED)


def explain(error: BaseException, source_line: str = "") -> str | None:
    """Names the API that has changed since the file was written, and what replaced it; None for any other error.

    Args:
        error: what the user's line raised.
        source_line: that line.
    """
    message = str(error)
    for pattern in _NAMED:
        if match := pattern.search(message):
            named = ".".join(part for part in (match.groupdict().get("owner"), match["name"]) if part)
            for name in _prefixes(re.sub(r"^np\.", "numpy.", named)):
                if name in GONE:
                    return f"`{name}` is gone: {GONE[name]}"
    for pattern, line, sentence in _CHANGED:
        if (match := pattern.search(message)) and line.search(source_line):
            return sentence.format(attribute=match.groupdict().get("attribute") or "layers")
    return None


def _prefixes(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:length]) for length in range(len(parts), 1, -1)]
