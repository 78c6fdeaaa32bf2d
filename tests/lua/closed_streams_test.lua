--- Standard streams that were closed before the start: their numbers stay nobody's.
local check = require "check"
local child = require "child"
local process = require "process"

--- What a shell prints that runs `script` as `how` says, through PROGRAM.
local function run(script, how)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(script)
  file:close()
  local text = check.ok(process.run(how:gsub("PROGRAM", function()
    return ("%s --poller %s %s"):format(child.binary, reactor.method, path)
  end)))
  os.remove(path)
  return text
end

local SERVE <const> = [[
  local srv = listen("127.0.0.1:0", function(c) c:write(c:read "l", "\n") end)
  local c = connect(srv.address)
  print "nobody sees this"
  io.stderr:write "nor this\n"
  c:write "whole\n"
  local answer = c:read "a"
  c:close()
  srv:close()
]]

check.case("what is printed goes to no socket and no poller, and the loop works", function()
  for _, closed in ipairs { "<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-" } do
    local path = os.tmpname()
    local script = SERVE .. ("local file <close> = io.open(%q, 'w') file:write(answer)"):format(path)
    run(script, "PROGRAM >/dev/null 2>/dev/null " .. closed .. "; exit 0")
    local file <close> = assert(io.open(path))
    check.equal(file:read "a", "whole\n", closed)
    os.remove(path)
  end
end)

check.case("output that goes nowhere is a failure, as a full disk is", function()
  check.equal(run("print(1)", "PROGRAM 2>&1 >&-; echo $?"),
    "moonwire: write error: Bad file descriptor\n1\n")
  check.equal(run("local unused = 1", "PROGRAM 2>&1 >&-; echo $?"), "0\n")
end)

check.case("closed input is at its end, and stays closed for programs", function()
  check.equal(run("print(io.read())", "PROGRAM <&-"), "nil\n")
  check.equal(run([[print(os.execute "test -e /proc/$$/fd/0")]], "PROGRAM <&-"), "nil\texit\t1\n")
end)

check.done()
