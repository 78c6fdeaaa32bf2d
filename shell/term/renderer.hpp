// From what the screen shows to what it shall show, as bytes. A pure function; rows that
// are unchanged are not sent again, and a letter typed at the end of a line is that letter.
#pragma once

#include <string>

#include "term/layout.hpp"

namespace moonwire {

/// Appends to `out` what turns `shown` (without rows: nothing, the cursor stands at the
/// beginning of a row, free from there on) into `next`. Both are of `columns` columns, and
/// not higher than the screen.
void render(std::string& out, const Layout& shown, const Layout& next, int columns);

/// The cursor goes to the first column of the first row, and everything from there is erased.
void render_erased(std::string& out, const Layout& shown);

/// The cursor goes to the beginning of a free row below.
void render_left(std::string& out, const Layout& shown);

/// The cursor goes down (up: negative).
void move_rows(std::string& out, std::ptrdiff_t count);

/// To a column of its row, from 0.
void move_to_column(std::string& out, int column);

}  // namespace moonwire
