-- SPDX-License-Identifier: MIT
--- A message of the library in the words of the command, but for what it quotes.

---@param message string
---@param names table<string, string> what an option of the library is called here
---@return string
return function(message, names)
  local said, quoted = message:match "^([^']*)(.*)$"
  return said:gsub("[%w_]+", names) .. quoted
end
