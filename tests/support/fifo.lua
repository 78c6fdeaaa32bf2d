--- A pipe for the Lua tests: `local reader, writer = fifo()`, two unbuffered Lua files. When
-- the writer is closed the reader sees the end.
return function()
  local path = os.tmpname()
  os.remove(path)
  assert(os.execute("mkfifo " .. path))
  local writer = assert(io.open(path, "r+"))  -- with both ends, so that no open waits
  local reader = assert(io.open(path, "r"))
  os.remove(path)
  writer:setvbuf "no"
  reader:setvbuf "no"
  return reader, writer
end
