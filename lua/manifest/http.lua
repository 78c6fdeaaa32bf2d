--- The manifest: the module http, from its parts.
local PARTS <const> = { "http_client" }

local group = { name = "http", module = "http", title = "The module http", records = {}, entries = {} }

for _, part in ipairs(PARTS) do
  local found = require("manifest." .. part)
  table.move(found.records, 1, #found.records, #group.records + 1, group.records)
  table.move(found.entries, 1, #found.entries, #group.entries + 1, group.entries)
end

return group
