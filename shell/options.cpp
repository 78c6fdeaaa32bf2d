#include "options.hpp"

#include <string_view>

namespace moonwire {

const char* const kUsage =
    "usage: moonwire [options] [script [args]]\n"
    "  -e chunk       run the text 'chunk'\n"
    "  -l mod         require 'mod' into the global of that name\n"
    "  -l g=mod       require 'mod' into the global 'g'\n"
    "  -i             the prompt, after the script if there is one\n"
    "  -v             print the version\n"
    "  -q             no banner\n"
    "  -E             no environment variables, no start-up file\n"
    "  -W             warnings on\n"
    "  --poller NAME  epoll, poll, select or kqueue, instead of the fastest\n"
    "  --help         this text\n"
    "  --             options end here\n"
    "  -              run standard input, and options end here\n"
    "Without a script: the prompt if this is a terminal, else standard input is run.\n"
    "Exit: 0 done, 1 an error, 2 wrong usage, 130 ended by Ctrl-C.\n";

namespace {

/// Reads one argument after the other.
class Parser {
 public:
  Parser(int argc, char** argv) {
    line_.settings.argc = argc;
    line_.settings.argv = argv;
  }

  CommandLine parse() {
    while (++at_ < line_.settings.argc && line_.mistake.empty() && !line_.help) {
      const std::string_view word = argument();
      if (word.size() < 2 || word[0] != '-') break;  // the script, or "-"
      if (word == "--") {
        ++at_;
        break;
      }
      if (!(word[1] == '-' ? long_option(word) : short_option(word))) {
        line_.mistake = "unrecognized option '" + std::string(word) + "'";
      }
    }
    line_.settings.script = at_ < line_.settings.argc ? at_ : 0;
    return std::move(line_);
  }

 private:
  std::string_view argument() const { return line_.settings.argv[at_]; }

  bool short_option(std::string_view word) {
    Settings& settings = line_.settings;
    if (word[1] == 'e') return step(Settings::Step::Kind::kChunk, word);
    if (word[1] == 'l') return step(Settings::Step::Kind::kModule, word);
    if (word.size() > 2) return false;
    switch (word[1]) {
      case 'i': return settings.interactive = true;
      case 'v': return settings.show_version = true;
      case 'q': return settings.quiet = true;
      case 'E': return settings.ignore_environment = true;
      case 'W': return settings.warnings = true;
      default: return false;
    }
  }

  bool long_option(std::string_view word) {
    constexpr std::string_view kPoller = "--poller=";
    if (word == "--help") return line_.help = true;
    if (word == "--poller") {
      if (const auto name = next()) line_.settings.poller = *name;
      return true;
    }
    if (!word.starts_with(kPoller)) return false;
    line_.settings.poller = word.substr(kPoller.size());
    return true;
  }

  /// -e and -l: the text follows in the same argument, or is the next one.
  bool step(Settings::Step::Kind kind, std::string_view word) {
    const auto text = word.size() > 2 ? std::optional(word.substr(2)) : next();
    if (text) line_.settings.steps.push_back({kind, std::string(*text)});
    return true;
  }

  std::optional<std::string_view> next() {
    const std::string option(argument());
    if (at_ + 1 < line_.settings.argc && line_.settings.argv[at_ + 1][0] != '-') {
      ++at_;
      return argument();
    }
    line_.mistake = "'" + option + "' needs argument";
    return std::nullopt;
  }

  CommandLine line_;
  int at_ = 0;
};

}  // namespace

CommandLine parse_options(int argc, char** argv) { return Parser(argc, argv).parse(); }

}  // namespace moonwire
