//! What to write instead.

pub(super) const LEVELS: &str =
    "a level is trace, debug, info, warn, error or fatal: write level:error or level>=warn";
pub(super) const NO_SUCH_LEVEL: &str = "no level is beyond this one; use >= or <=";
pub(super) const DEVICE_NAME: &str =
    "write the name right after the colon: device:phone, or with double quotes device:\"Ana's phone\"";
pub(super) const MESSAGE_TEXT: &str =
    "write the text right after the colon: message:boss, or with double quotes message:\"the boss\"";
pub(super) const TIME: &str =
    "write how long ago, as in since:5m or since:1h30m, or a time in UTC, as in before:2026-11-22T12:00";
pub(super) const TIME_SIGN: &str =
    "write since:5m for what is newer, and before:2026-11-22T12:00 for what is older";
pub(super) const REVISION: &str = "log lines don't store a revision; select by the time of the edit with since: and before:, or write fields.rev:41 for a field of that name";
pub(super) const NUMBER: &str =
    "only numbers have an order: write a number after the sign, as in hp<10 or hp>=2.5";
pub(super) const SPACED: &str =
    "for a field, leave out the spaces, as in hp=5; to find this as text, put it in double quotes";
pub(super) const SINGLE_QUOTES: &str = "put a text with spaces in double quotes";
pub(super) const QUOTE: &str = "the quote has no end";
pub(super) const REGEX: &str =
    "this is no regular expression, or too large a one; to find it as text, put it in double quotes";
pub(super) const REGEX_FLAG: &str =
    "the only flag of a regular expression is i; to find this as text, put it in double quotes";
pub(super) const REGEX_SIGN: &str =
    "write a regular expression between slashes: device:/pixel [0-9]+/, and - before it for the opposite";
pub(super) const OR_SIDES: &str = "OR needs a term on both sides; to find the word, write \"OR\"";
pub(super) const AND_SIDES: &str =
    "AND needs a term on both sides, and can be left out; to find the word, write \"AND\"";
pub(super) const NOT_TERM: &str = "NOT needs a term after it; to find the word, write \"NOT\"";
pub(super) const OPERATOR_CASE: &str =
    "write AND, OR and NOT in capitals; to find the word, put it in double quotes";
pub(super) const NO_CLOSING: &str =
    "the parenthesis is not closed; to find it as text, put the word in double quotes";
pub(super) const NO_OPENING: &str =
    "there is no opening parenthesis; to find this one as text, put the word in double quotes";
pub(super) const EMPTY_GROUP: &str =
    "there is no term in the parentheses; to find them as text, put them in double quotes";
pub(super) const LIST: &str = "write each value with its field: (room:hall OR room:yard), or hp>=1 hp<=5 for a range; to find this as text, put the value in double quotes";
pub(super) const ABSENT: &str =
    "to find lines without this field, write - before it and * behind it: -room:*";
pub(super) const SELECTOR: &str = "write the terms without braces, and text as it is: device:phone boss; to find braces as text, use double quotes";
pub(super) const LINE_FILTER: &str = "write text as it is: \"boss died\", -\"boss died\" for the opposite, /boss (died|left)/ for a regular expression";
pub(super) const PIPE: &str =
    "a filter has no pipes, only terms; to find a | as text, put it in double quotes";
pub(super) const LIKE: &str =
    "write * for any characters: device:pixel* or message:*boss*; to find the word, put it in double quotes";
pub(super) const IN: &str = "write each value with its field: (level:error OR level:fatal); to find the word, put it in double quotes";
pub(super) const PROPERTY: &str =
    "write level:error, message:boss or since:5m, and for a field its name: hp<10";
