-- SPDX-License-Identifier: MIT
--- Prints what a rockspec builds, sorted: `core FILE`, `sandbox FILE` and `lua FILE`.

local rockspec = {}
assert(loadfile(arg[1], "t", rockspec))()

local NAMES = { ["partnercenter.core"] = "core", ["partnercenter.sandbox.server"] = "sandbox" }

local lines = {}
for name, module in pairs(rockspec.build.modules) do
  if type(module) == "string" then
    assert(module == "lua/" .. name:gsub("%.", "/") .. ".lua", name .. " is at " .. module)
    lines[#lines + 1] = "lua " .. module
  else
    for _, source in ipairs(module.sources) do
      lines[#lines + 1] = NAMES[name] .. " " .. source
    end
  end
end
table.sort(lines)
print(table.concat(lines, "\n"))
