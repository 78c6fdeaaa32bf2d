--- descriptors() counts those that this process has open, the first few left out.
return function()
  local count = 0
  for i = 3, 200 do
    local file, _, code = io.open("/proc/self/fd/" .. i)
    if file then file:close() end
    if code ~= 2 then count = count + 1 end  -- not ENOENT
  end
  return count
end
