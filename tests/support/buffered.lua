--- buffered(c, count) waits until so many bytes, or more, are buffered at the connection.
local check = require "check"

return function(c, count)
  check.eventually(function() return #c:peek() >= count end, nil, "bytes that came")
end
