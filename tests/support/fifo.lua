--- A pipe for the Lua tests, as unbuffered Lua files: `local reader, writer = fifo()`, or
-- `local both = fifo "both"`, one file with both ends.
return function(kind)
  local path = os.tmpname()
  os.remove(path)
  assert(os.execute("mkfifo " .. path))
  local both = assert(io.open(path, "r+"))  -- so that no other open waits
  local files = { both }
  if kind ~= "both" then
    files = { assert(io.open(path, "r")), assert(io.open(path, "w")) }
    both:close()
  end
  os.remove(path)
  for _, file in ipairs(files) do file:setvbuf "no" end
  return table.unpack(files)
end
