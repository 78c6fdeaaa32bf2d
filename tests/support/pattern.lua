--- pattern(size): so many bytes that show where they belong.
local numbers = {}
for i = 1, 10000 do numbers[i] = ("%07d "):format(i) end
local BLOCK <const> = table.concat(numbers)

return function(size)
  local blocks = {}
  for i = 1, size // #BLOCK + 1 do blocks[i] = ("block %d "):format(i) .. BLOCK end
  return table.concat(blocks):sub(1, size)
end
