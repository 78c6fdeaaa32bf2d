// Rows of a name and what it means, as text.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace moonwire {

/// The meanings stand in one column, indented, or, where a row would be wider than `width`
/// columns, each on a row of its own.
std::string two_columns(const std::vector<std::pair<std::string, std::string>>& rows, int width);

}  // namespace moonwire
