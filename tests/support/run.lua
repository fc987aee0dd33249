-- SPDX-License-Identifier: MIT
--- Runs its argument as a Lua program: what `lua -e` does, on an interpreter without options.

assert((loadstring or load)(arg[1]))()
