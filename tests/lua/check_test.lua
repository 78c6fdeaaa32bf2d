--- The test helper tested: what must fail does fail, and says why. The failing cases run in
-- a second moonwire, whose output and status are looked at.
local check = require "check"

-- What `body`, the inside of a test file, prints and whether it ended with status 0.
local function run(body)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write("local check = require 'check'\ncheck.grace = 0.1\n", body, "\ncheck.done()\n")
  file:close()
  local pipe = assert(io.popen((os.getenv "MOONWIRE" or arg[-1]) .. " " .. path .. " 2>&1"))
  local output = pipe:read "a"
  local ok = pipe:close()
  os.remove(path)
  return output, ok
end

local function fails_with(pattern, body)
  local output, ok = run("check.case('the case', function() " .. body .. " end)")
  check.match(output, "FAILED: the case\n")
  check.match(output, "\n0 passed, 1 failed\n")
  check.match(output, pattern)
  check.equal(ok, nil, "exit status")
end

check.case("good cases pass", function()
  local output, ok = run [[
    check.case("one", function() sleep(0.001); check.equal(1, 1) end)
    check.case("two", check.expect and function()
      local told = check.expect(nil, 2)
      spawn(function() sleep(0.001); told(); told() end)
    end)]]
  check.match(output, "\n2 passed, 0 failed\n")
  check.equal(ok, true)
end)

check.case("differences are shown", function()
  fails_with('number: got 1, want "1"', "check.equal(1, '1', 'number')")
  fails_with('value%[2%]%["a"%]: got 2, want 3', "check.same({1, {a = 2}}, {1, {a = 3}})")
  fails_with('"abc" does not match "x"', "check.match('abc', 'x')")
end)

check.case("errors fail a case", function()
  fails_with("attempt to index a nil value", "local x = nil; x.y = 1")
  fails_with("{code = 3}", "error {code = 3}")
  fails_with("did not raise", "check.raises(function() end)")
end)

check.case("failures of the world are told apart", function()
  fails_with('failed with "m" %(EOF%), want "ECLOSED"', "check.fails('ECLOSED', nil, 'm', 'EOF')")
  fails_with("want nil, message, code", "check.fails('EOF', 5)")
  fails_with("failed: m %(EOF%)", "check.ok(nil, 'm', 'EOF')")
end)

check.case("a check below a pcall, or in another task, counts", function()
  fails_with("got 1, want 2", "pcall(check.equal, 1, 2)")
  fails_with("got 1, want 2", "spawn(function() check.equal(1, 2) end):join()")
end)

check.case("a promised call that does not come, or comes too often, fails", function()
  fails_with("called 2 times, want 1", "local f = check.expect(nil, 1); f(); f()")
  fails_with("thing: not within 0.02 s",
    "check.eventually(function() return false end, 0.02, 'thing')")
end)

check.case("what a case leaves behind is told", function()
  fails_with("left behind: 1 timer", "timeout(60, print)")
  fails_with("left behind: .*1 task", "spawn(sleep, 60)")
end)

check.done()
