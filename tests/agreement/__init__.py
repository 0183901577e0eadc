"""Random specs, held against eager PyTorch by an interpreter that shares nothing with the compiler."""
