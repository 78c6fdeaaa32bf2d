#include "net/xml_parser.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

#include "net/json_tape.hpp"
#include "net/utf8.hpp"
#include "net/xml_splitter.hpp"

namespace moonwire {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

/// Beyond ASCII all is let through: the rest of the rule is of no use to anybody.
constexpr bool in_name(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '_' || c == ':' || c == '-' || c == '.';
}
constexpr bool begins_name(char c) {
  return in_name(c) && c != '-' && c != '.' && (c < '0' || c > '9');
}

constexpr bool is_character(std::uint32_t code) {
  return code == '\t' || code == '\n' || code == '\r' || (code >= 0x20 && code < 0xd800) ||
         (code >= 0xe000 && code < 0xfffe) || (code >= 0x10000 && code < 0x110000);
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | (code >> shift & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

struct Entity {
  std::string_view name;
  char value;
};
constexpr Entity kEntities[] = {
    {"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}};

/// Goes through the text once. Every function is false when something is wrong: `what` says
/// what, and `at_` where.
class Parser {
 public:
  Parser(std::string_view text, std::string& tape) : text_(text), tape_(tape, text.size() + 64) {}

  const char* what = nullptr;
  std::size_t at() const { return at_; }

  bool document() {
    if (!misc()) return false;
    if (at_end() || text_[at_] != '<') return wrong("an element expected");
    if (!start_tag()) return false;
    while (!open_.empty()) {
      if (!content()) return false;
    }
    if (!misc()) return false;
    if (!at_end()) return wrong("the end expected after the element");
    tape_.finish();
    return true;
  }

 private:
  /// An element whose end tag is still to come.
  struct Open {
    std::string_view name;
    std::size_t children;  // where on the tape their count stands
    std::size_t count;
  };

  bool at_end() const { return at_ == text_.size(); }
  bool wrong(const char* why) {
    what = why;
    return false;
  }
  bool skip(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void skip_blanks() {
    while (!at_end() && is_blank(text_[at_])) ++at_;
  }
  bool skip_past(std::string_view end, const char* why) {
    const std::size_t found = text_.find(end, at_);
    if (found == text_.npos) return wrong(why);
    at_ = found + end.size();
    return true;
  }
  bool comment() {
    const std::size_t end = text_.find("--", at_);
    if (end == text_.npos) return wrong("the comment has no end");
    at_ = end + 2;
    return skip(">") || wrong("\"--\" inside a comment");
  }
  bool instruction() { return skip_past("?>", "the instruction has no end"); }

  /// Blanks, comments and instructions outside of the element.
  bool misc() {
    for (;;) {
      skip_blanks();
      if (skip("<!--")) {
        if (!comment()) return false;
      } else if (skip("<?")) {
        if (!instruction()) return false;
      } else {
        return text_.substr(at_, 2) != "<!" || wrong("document types are not taken");
      }
    }
  }

  std::string_view name() {
    const std::size_t begin = at_;
    if (!at_end() && begins_name(text_[at_])) {
      while (!at_end() && in_name(text_[at_])) ++at_;
    }
    return text_.substr(begin, at_ - begin);
  }

  bool start_tag() {
    ++at_;
    if (open_.size() == kXmlDepth) return wrong("nested deeper than 1000");
    const std::string_view called = name();
    if (called.empty()) return wrong("a name expected after '<'");
    tape_.put(JsonTag::kObject, std::size_t{3});
    tape_.put("name");
    tape_.put(called);
    tape_.put("attributes");
    if (!attributes()) return false;
    tape_.put("children");
    const std::size_t place = tape_.used();
    tape_.put(JsonTag::kArray, std::size_t{0});
    if (skip("/>")) {
      end_element();
    } else if (skip(">")) {
      open_.push_back({called, place, 0});
    } else {
      return wrong("'>' or an attribute expected");
    }
    return true;
  }

  void end_element() {
    tape_.put(JsonTag::kEnd);
    tape_.put(JsonTag::kEnd);
  }

  bool attributes() {
    const std::size_t place = tape_.used();
    tape_.put(JsonTag::kObject, std::size_t{0});
    std::vector<std::string_view> names;
    for (;;) {
      const std::size_t before = at_;
      skip_blanks();
      if (at_end() || text_[at_] == '>' || text_[at_] == '/') break;
      if (at_ == before) return wrong("a blank expected before an attribute");
      const std::string_view called = name();
      if (called.empty()) return wrong("the name of an attribute expected");
      names.push_back(called);
      tape_.put(called);
      if (!value()) return false;
    }
    tape_.set_count(place, names.size());
    tape_.put(JsonTag::kEnd);
    return distinct(std::move(names));
  }

  /// Sorted, since a peer may send a hundred thousand.
  bool distinct(std::vector<std::string_view> names) {
    std::sort(names.begin(), names.end(), [](std::string_view a, std::string_view b) {
      return a != b ? a < b : a.data() < b.data();
    });
    const auto first = std::adjacent_find(names.begin(), names.end());
    if (first == names.end()) return true;
    const std::string_view again = *std::next(first);
    at_ = static_cast<std::size_t>(again.data() - text_.data()) + again.size();
    return wrong("the attribute is there twice");
  }

  bool value() {
    skip_blanks();
    if (!skip("=")) return wrong("'=' expected after the name of an attribute");
    skip_blanks();
    const char quote = at_end() ? '\0' : text_[at_];
    if (quote != '"' && quote != '\'')
      return wrong("the value of an attribute expected, in quotes");
    ++at_;
    buffer_.clear();
    while (!at_end() && text_[at_] != quote) {
      if (text_[at_] == '<') return wrong("'<' in the value of an attribute");
      if (is_blank(text_[at_])) {
        if (!skip("\r\n")) ++at_;
        buffer_ += ' ';
      } else if (!character()) {
        return false;
      }
    }
    if (at_end()) return wrong("the value of an attribute has no end");
    ++at_;
    tape_.put(buffer_);
    return true;
  }

  /// One of text or a value, or what stands for one; a line's end is "\n".
  bool character() {
    const char c = text_[at_];
    if (c == '&') return reference();
    if (!is_character(static_cast<unsigned char>(c))) return wrong("a control character");
    ++at_;
    if (c != '\r') {
      buffer_ += c;
    } else if (at_end() || text_[at_] != '\n') {
      buffer_ += '\n';
    }
    return true;
  }

  bool reference() {
    constexpr std::size_t kLongest = 12;
    const std::size_t end = text_.substr(0, at_ + kLongest).find(';', at_);
    if (end == text_.npos) return wrong("'&' that begins no reference");
    const std::string_view inner = text_.substr(at_ + 1, end - at_ - 1);
    if (inner.substr(0, 1) == "#") {
      const bool hex = inner.substr(1, 1) == "x";
      const std::string_view digits = inner.substr(hex ? 2 : 1);
      std::uint32_t code = 0;
      const auto [last, error] =
          std::from_chars(digits.data(), digits.data() + digits.size(), code, hex ? 16 : 10);
      if (error != std::errc() || last != digits.data() + digits.size() || !is_character(code))
        return wrong("a reference to no character");
      append_utf8(buffer_, code);
    } else {
      const auto* const found = std::find_if(std::begin(kEntities), std::end(kEntities),
                                             [&](const Entity& e) { return e.name == inner; });
      if (found == std::end(kEntities)) return wrong("an entity that is not known");
      buffer_ += found->value;
    }
    at_ = end + 1;
    return true;
  }

  /// Text with what does not divide it, then one tag.
  bool content() {
    buffer_.clear();
    for (;;) {
      if (at_end()) return wrong("the end of an element expected");
      if (skip("<!--")) {
        if (!comment()) return false;
      } else if (skip("<![CDATA[")) {
        if (!section()) return false;
      } else if (skip("<?")) {
        if (!instruction()) return false;
      } else if (text_[at_] == '<') {
        break;
      } else if (text_.substr(at_, 3) == "]]>") {
        return wrong("\"]]>\" in text");
      } else if (!character()) {
        return false;
      }
    }
    if (!buffer_.empty()) {
      tape_.put(buffer_);
      ++open_.back().count;
    }
    if (skip("</")) return end_tag();
    ++open_.back().count;
    return start_tag();
  }

  bool section() {
    const std::size_t end = text_.find("]]>", at_);
    if (end == text_.npos) return wrong("the CDATA section has no end");
    while (at_ < end) {
      if (text_[at_] == '&') {
        buffer_ += text_[at_++];
      } else if (!character()) {
        return false;
      }
    }
    at_ = end + 3;
    return true;
  }

  bool end_tag() {
    const Open element = open_.back();
    if (name() != element.name) return wrong("the end of another element than was begun last");
    skip_blanks();
    if (!skip(">")) return wrong("'>' expected after the name");
    open_.pop_back();
    tape_.set_count(element.children, element.count);
    end_element();
    return true;
  }

  const std::string_view text_;
  std::size_t at_ = 0;
  JsonTapeWriter tape_;
  std::string buffer_;
  std::vector<Open> open_;
};

}  // namespace

Status parse_xml(std::string_view text, std::string& tape) {
  const auto refused = [](std::size_t at, const char* what) {
    return failure(Code::kProto, "xml", {}, "byte " + std::to_string(at + 1) + ": " + what);
  };
  const std::size_t valid = valid_utf8(text);
  if (valid < text.size()) return refused(valid, "invalid UTF-8");
  Parser parser(text, tape);
  if (!parser.document()) return refused(parser.at(), parser.what);
  return {};
}

}  // namespace moonwire
