std = "min"
max_line_length = 125

-- Names of some versions only, which are asked for before they are used.
read_globals = { "loadstring", math = { fields = { "type" } }, table = { fields = { "unpack" } } }

files["tests/spec"] = { std = "min+busted" }
files["tests/clocked"] = { std = "min+busted" }
files["tests/command"] = { std = "min+busted" }
files["tests/nginx"] = { std = "min+busted" }
files["tests/portal"] = { std = "lua54+busted" }
files["tests/support/webdriver.lua"] = { std = "lua54" }
files["examples/nginx"] = { std = "ngx_lua" }
files["tests/soak"] = { std = "lua54" }
files["tests/crash"] = { std = "lua54" }
files["tests/fuzz"] = { std = "lua54" }

-- Declarations for editors: names without code.
files["library"] = { ignore = { "212", "231", "241" }, max_line_length = false }
