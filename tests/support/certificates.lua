-- SPDX-License-Identifier: MIT
--- Makes certificate authorities and certificates for the specs, good and bad ones, with openssl.

local files = require "tests.support.files"

local M = {}

local AUTHORITY = [[
[ ca ]
default_ca = authority
[ authority ]
certificate = NAME.pem
private_key = NAME.key
database = NAME.index
new_certs_dir = .
rand_serial = yes
unique_subject = no
default_md = sha256
policy = names
copy_extensions = copy
[ names ]
commonName = supplied
]]

local NEW_KEY = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes"

--- Makes a folder for certificates.
---@return table folder `directory`, `authority(name)`, `issue(options)`, `self_sign(options)`, `remove()`
function M.folder()
  local process = io.popen "mktemp -d"
  local folder = { directory = process:read "*l" }
  process:close()

  local function path(name)
    return folder.directory .. "/" .. name
  end

  local function openssl(arguments)
    local command = ("cd %s && openssl %s 2>&1 && echo made"):format(folder.directory, arguments)
    local openssl_process = io.popen(command)
    local output = openssl_process:read "*a"
    openssl_process:close()
    assert(output:match "made\n$", output)
  end

  --- Makes an authority: NAME.pem is what a client has to trust.
  function folder.authority(name)
    files.write(path(name .. ".cnf"), (AUTHORITY:gsub("NAME", name)))
    files.write(path(name .. ".index"), "")
    openssl(("req -x509 %s -days 2 -subj '/CN=%s of the specs' -keyout %s.key -out %s.pem")
      :format(NEW_KEY, name, name, name))
  end

  --- Makes NAME.pem and NAME.key, signed by an authority of the folder.
  ---@param options table `name`, `by` (the authority), `for_names` (as openssl's subjectAltName),
  --- `from`, `to` (years, to its first day; default: last year to the year after the next)
  function folder.issue(options)
    local year = tonumber(os.date "!%Y")
    openssl(("req %s -subj /CN=service -addext subjectAltName=%s -keyout %s.key -out %s.csr")
      :format(NEW_KEY, options.for_names, options.name, options.name))
    openssl(("ca -batch -notext -config %s.cnf -startdate %d0101000000Z -enddate %d0101000000Z -in %s.csr -out %s.pem")
      :format(options.by, options.from or year - 1, options.to or year + 2, options.name, options.name))
  end

  --- Makes NAME.pem and NAME.key, signed by nobody else.
  ---@param options table `name`, `for_names`
  function folder.self_sign(options)
    openssl(("req -x509 %s -days 2 -subj /CN=service -addext subjectAltName=%s -keyout %s.key -out %s.pem")
      :format(NEW_KEY, options.for_names, options.name, options.name))
  end

  function folder.remove()
    os.execute("rm -r " .. folder.directory)
  end

  return folder
end

return M
