-- SPDX-License-Identifier: MIT
--- Whether the process that started a server of the tests lives: one that has ended may stay as a zombie.

return function(id)
  local file = io.open(("/proc/%s/stat"):format(id))
  local state = file and file:read "*a":match "%) (%u)"
  if file then
    file:close()
  end
  return state ~= nil and state ~= "Z"
end
