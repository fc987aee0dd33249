-- SPDX-License-Identifier: MIT
--- Before anything else is loaded: lets the complaints of the command, which are many, go into a file of this folder.

io.stderr = assert(io.open("complaints", "w")) -- luacheck: ignore 122
