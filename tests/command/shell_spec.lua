-- SPDX-License-Identifier: MIT
local support = require "tests.command.support"

local STAGE = os.getenv "STAGE"

describe("what shells know of the command", function()
  local folder

  setup(function() folder = support.folder() end)

  teardown(function() support.remove(folder) end)

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
  end)

  it("is valid in zsh", function()
    print_of("--completion zsh", "_partnercenter")
    assert.equal("0\n", support.shell(("zsh -n %s/_partnercenter 2>&1; echo $?"):format(folder)))
    assert.matches("^#compdef partnercenter\n", support.read(STAGE .. "/share/zsh/site-functions/_partnercenter"))
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
