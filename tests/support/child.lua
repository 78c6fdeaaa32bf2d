--- Runs a script in a second moonwire with the same poll method: `child(body)` -> its output
-- (stderr too), and its exit status or signal number. The loop stands still meanwhile.
local first = 0
while arg[first - 1] do first = first - 1 end
local binary = arg[first]  -- the one that runs this, before its options

--- `child.binary` is the program that runs this.
local child = { binary = binary }

--- The shell command that runs the script at `path`.
function child.command(path)
  return ("%s --poller %s %s 2>&1"):format(binary, reactor.method, path)
end

local function run(_, body)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(body)
  file:close()
  local pipe = assert(io.popen(child.command(path)))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  os.remove(path)
  return output, status
end

return setmetatable(child, { __call = run })
