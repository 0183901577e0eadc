"""The oracles for memory: what autograd saves, and which values are there at once, as PyTorch tells it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

__all__ = ["Live", "peak_bytes", "saved_storages", "weight_storages"]


def storage_of(tensor: torch.Tensor) -> tuple[int, int]:
    """The address and the size in bytes of the memory that a tensor lies in."""
    storage = tensor.untyped_storage()
    return storage.data_ptr(), storage.nbytes()


def weight_storages(module: nn.Module) -> set[int]:
    """The addresses of a module's parameters and buffers."""
    return {storage_of(one)[0] for one in (*module.parameters(), *module.buffers())}


def saved_storages(module: nn.Module, run: Callable[[], Any]) -> tuple[dict[int, int], Any]:
    """The memories that autograd saves while `run` runs, by address, each once, and what `run` gave.

    Those of the module's weights are left out. What was saved lives on in what is given back, so no address
    can mean two memories.
    """
    saved: list[torch.Tensor] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        saved.append(tensor)
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        result = run()
    weights = weight_storages(module)
    found = dict(storage_of(tensor) for tensor in saved)
    return {address: size for address, size in found.items() if address not in weights}, result


class Live(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of what operations gave and that is still there, and the most there ever were."""

    def __init__(self, known: Iterable[torch.Tensor]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.bytes = 0
        self.most = 0
        self.seen: set[int] = set()
        # Weights are not counted.
        for tensor in known:
            self.seen.add(tensor.untyped_storage()._cdata)

    def take(self, tensor: torch.Tensor) -> None:
        """Count the memory of a tensor until nothing holds it any more."""
        storage = tensor.untyped_storage()
        key, size = storage._cdata, storage.nbytes()
        if key in self.seen:
            return
        self.seen.add(key)
        self.bytes += size
        self.most = max(self.most, self.bytes)
        weakref.finalize(storage, self.give_back, key, size)

    def give_back(self, key: int, size: int) -> None:
        self.seen.discard(key)
        self.bytes -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for leaf in tree_leaves(result):
            if isinstance(leaf, torch.Tensor):
                self.take(leaf)
        return result


def peak_bytes(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> int:
    """The most bytes of values that are there at once in a pass in evaluation mode, the inputs among them."""
    module.eval()
    live = Live((*module.parameters(), *module.buffers()))
    for tensor in inputs:
        live.take(tensor)
    # PyTorch's short cut for attention takes all its values inside of one operation.
    short_cut = torch.backends.mha.get_fastpath_enabled()
    torch.backends.mha.set_fastpath_enabled(False)
    try:
        with torch.no_grad(), live:
            module(*inputs)
    finally:
        torch.backends.mha.set_fastpath_enabled(short_cut)
    return live.most
