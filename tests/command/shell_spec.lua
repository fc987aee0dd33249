-- SPDX-License-Identifier: MIT
local support = require "tests.command.support"

local STAGE = os.getenv "STAGE"

describe("what shells know of the command", function()
  local folder

  setup(function() folder = support.folder() end)

  teardown(function() support.remove(folder) end)

  -- What is typed before Tab, and what stands there then, in both shells.
  local TYPED = {
    { "partnercenter cu", "partnercenter customers" },
    { "partnercenter bulk c.csv --jo", "partnercenter bulk c.csv %-%-journal" },
    { "partnercenter update CUSTOMER --segment K", "partnercenter update CUSTOMER %-%-segment K12" },
    { "partnercenter report --format h", "partnercenter report %-%-format html" },
    { "partnercenter report FOLDER/some", "partnercenter report FOLDER/somewhere%.db" },
  }

  --- Types in a shell that runs on a terminal.
  ---@param start string the command that starts the shell
  local function type_in(start)
    support.write(folder .. "/somewhere.db", "")
    local terminal = support.terminal(folder, start, 200)
    local ok, raised = pcall(function()
      for _, row in ipairs(TYPED) do
        local typed, expected = row[1]:gsub("FOLDER", folder), row[2]:gsub("FOLDER", folder)
        terminal.keys("C-l")
        terminal.wait_for "^> *\n"
        terminal.keys("-l", support.quote(typed))
        terminal.keys("Tab")
        terminal.wait_for("^> " .. expected .. " ?\n")
        terminal.keys("C-u")
      end
    end)
    terminal.stop()
    assert.is_true(ok, raised)
  end

  local function print_of(option, name)
    local status, out = support.run(folder, {}, option)
    assert.equal(0, status)
    support.write(folder .. "/" .. name, out)
    return out
  end

  it("is valid in bash, and completes", function()
    local text = print_of("--completion bash", "bash")
    assert.equal("0\n", support.shell(("bash -n %s/bash 2>&1; echo $?"):format(folder)))
    local function complete(...)
      local words = { ... }
      support.write(folder .. "/try", ("source %s/bash\nCOMP_WORDS=(partnercenter %s)\nCOMP_CWORD=%d\n_partnercenter\n"
        .. "echo ${COMPREPLY[@]}\n"):format(folder, table.concat(words, " "), #words))
      return support.shell("bash " .. folder .. "/try")
    end
    assert.equal("customers\n", complete "cu")
    assert.equal("--journal\n", complete("bulk", "--jo"))
    assert.equal("K12 HigherEducation\n", complete("update", "--segment", "''"))
    assert.equal(text, support.read(STAGE .. "/share/bash-completion/completions/partnercenter"))
    support.write(folder .. "/rc", ("PS1='> '\nsource %s/bash\n"):format(folder))
    assert.matches("^complete .*%-F _partnercenter partnercenter\n$",
      support.shell(("bash -c 'source %s/rc; complete -p partnercenter'"):format(folder)))
    type_in(("bash --rcfile %s/rc -i"):format(folder))
  end)

  it("is valid in zsh, and completes", function()
    local text = print_of("--completion zsh", "_partnercenter")
    assert.equal("0\n", support.shell(("zsh -n %s/_partnercenter 2>&1; echo $?"):format(folder)))
    assert.equal(text, support.read(STAGE .. "/share/zsh/site-functions/_partnercenter"))
    support.write(folder .. "/.zshrc", ("fpath=(%s/share/zsh/site-functions $fpath)\nautoload -Uz compinit\n"
      .. "compinit -u -D\nPS1='> '\n"):format(STAGE))
    type_in(("ZDOTDIR=%s zsh -i"):format(folder))
  end)

  it("is a manual page that renders without complaint", function()
    local text = print_of("--man", "partnercenter.1")
    assert.equal(text, support.read(STAGE .. "/share/man/man1/partnercenter.1"))
    assert.equal("", support.shell(("mandoc -T lint -W warning %s/partnercenter.1 2>&1 | grep -v date"):format(folder)))
    assert.equal("", support.shell(("LC_ALL=C.UTF-8 man --warnings -l %s/partnercenter.1 2>&1 > /dev/null"):format(folder)))
    local page = support.shell(("MANWIDTH=100 LC_ALL=C.UTF-8 man -l %s/partnercenter.1 2> /dev/null | col -b")
      :format(folder)):gsub("%s+", " ")
    for _, word in ipairs { "bulk FILE --journal PLACE", "PARTNERCENTER_REFRESH_TOKEN", "EXIT STATUS", "Interrupted" } do
      assert.is_truthy(page:find(word, 1, true), word)
    end
  end)
end)
