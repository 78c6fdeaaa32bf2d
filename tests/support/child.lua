--- Runs a script in a second moonwire with the same poll method: `child(body)` -> its output
-- (stderr too), its exit status or the signal's name. The loop stands still meanwhile.
return function(body)
  local path = os.tmpname()
  local file <close> = assert(io.open(path, "w"))
  file:write(body)
  file:close()
  local pipe = assert(io.popen(("%s --poller %s %s 2>&1"):format(
    os.getenv "MOONWIRE" or arg[-1], reactor.method, path)))
  local output = pipe:read "a"
  local _, _, status = pipe:close()
  os.remove(path)
  return output, status
end
