--- Dates as fields of heads have them.
local dates = {}

local MONTHS <const> = { jan = 1, feb = 2, mar = 3, apr = 4, may = 5, jun = 6, jul = 7, aug = 8,
  sep = 9, oct = 10, nov = 11, dec = 12 }

--- Days from 1970-01-01, of the Gregorian calendar.
local function days(year, month, day)
  if month <= 2 then year, month = year - 1, month + 12 end
  return 365 * year + year // 4 - year // 100 + year // 400 + (153 * (month - 3) + 2) // 5 + day
    - 719469
end

--- A date in any form that servers write, as seconds since 1970 (RFC 6265, 5.1.1); nil for none.
function dates.parse(text)
  local hour, minute, second, day, month, year
  for word in text:gmatch "[^\t %-/,;]+" do
    local h, m, s = word:match "^(%d%d?):(%d%d?):(%d%d?)%D*$"
    if h and not hour then
      hour, minute, second = tonumber(h), tonumber(m), tonumber(s)
    elseif not day and word:find "^%d%d?%D*$" then
      day = tonumber(word:match "^%d+")
    elseif not month and MONTHS[word:sub(1, 3):lower()] then
      month = MONTHS[word:sub(1, 3):lower()]
    elseif not year and word:find "^%d%d%d?%d?$" then
      year = tonumber(word)
    end
  end
  if not (hour and day and month and year) then return nil end
  if year < 100 then year = year + (year < 70 and 2000 or 1900) end
  if year < 1601 or day < 1 or day > 31 or hour > 23 or minute > 59 or second > 59 then return nil end
  return days(year, month, day) * 86400 + hour * 3600 + minute * 60 + second
end

return dates
