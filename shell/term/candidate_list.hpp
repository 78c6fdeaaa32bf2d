// The candidates of a completion as people look at them: a row each with what is known of
// it if they are few enough, else columns, read downwards.
#pragma once

#include <string>
#include <vector>

#include "term/line_editor.hpp"

namespace moonwire {

/// At most `rows` lines of `columns` columns, then how many more there are.
std::string candidate_list(const std::vector<LineEditor::Candidate>& candidates, int columns,
                           int rows);

}  // namespace moonwire
