"""The sizes that a network is said to take, held against every size from 1 to 300, tried one by one."""
