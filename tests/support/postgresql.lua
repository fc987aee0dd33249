-- SPDX-License-Identifier: MIT
--- Starts PostgreSQL for the tests: a cluster of its own in a temporary folder, on a unix socket in it.
--- As root it runs as the user postgres, since it refuses root.

local shown_secrets = require "tests.support.shown_secrets"

local M = {}

local PASSWORD = "secret/of@the specs"

local function run(command)
  local process = io.popen(command .. " 2>&1; echo status $?")
  local output = process:read "*a"
  process:close()
  local text, status = output:match "^(.*)status (%d+)\n$"
  assert(status == "0", command .. " failed:\n" .. tostring(text))
  return text
end

--- The folder of its programs, which Debian does not put on the path.
local function programs()
  local listing = io.popen "ls -d /usr/lib/postgresql/*/bin 2> /dev/null | sort -V | tail -n 1"
  local directory = listing:read "*l"
  listing:close()
  return assert(directory, "PostgreSQL is not installed")
end

local function escape(text)
  return (text:gsub("[^%w._~-]", function(character) return ("%%%02X"):format(character:byte()) end))
end

--- Starts a server.
---@return table server `directory`, `url(database?, password?)`, `create(database)`, `stop()` (it can be
--- started again), `start()`, `remove()`
function M.start()
  local bin = programs()
  local directory = run "mktemp -d":match "%S+"
  local is_root = run "id -u":match "^0"
  local server = { directory = directory, password = PASSWORD }

  local function as_postgres(command)
    return run(("cd %s && %s sh -c '%s'"):format(directory, is_root and "runuser -u postgres --" or "", command))
  end

  --- The URL of a database; with another password where one is given.
  function server.url(database, password)
    return ("postgresql://specs:%s@/%s?host=%s"):format(escape(password or PASSWORD), database or "postgres", directory)
  end

  function server.start()
    as_postgres(("%s/pg_ctl start -w -D %s/data -l %s/log"):format(bin, directory, directory))
  end

  function server.stop()
    as_postgres(("%s/pg_ctl stop -w -m immediate -D %s/data"):format(bin, directory))
  end

  --- Runs SQL; returns its rows, the columns separated by `|`.
  function server.sql(database, sql)
    local path = os.tmpname()
    local file = assert(io.open(path, "w"))
    file:write(sql)
    file:close()
    local text = run((bin .. "/psql --no-psqlrc -v ON_ERROR_STOP=1 --quiet --tuples-only --no-align --file=%s \"%s\"")
      :format(path, server.url(database)))
    os.remove(path)
    return text
  end

  function server.create(database)
    server.sql("postgres", "CREATE DATABASE " .. database)
  end

  function server.remove()
    shown_secrets.look_in(directory)
    pcall(server.stop)
    run("rm -rf " .. directory)
  end

  local file = assert(io.open(directory .. "/password", "w"))
  file:write(PASSWORD, "\n")
  file:close()
  if is_root then
    run("chown -R postgres " .. directory)
  end
  as_postgres(("%s/initdb --no-sync --auth=scram-sha-256 -U specs --pwfile=password --encoding=UTF8 --locale=C -D data")
    :format(bin))
  file = assert(io.open(directory .. "/data/postgresql.conf", "a"))
  file:write("listen_addresses = ''\nunix_socket_directories = '", directory, "'\nfsync = off\n")
  file:close()
  server.start()
  return server
end

return M
