"""A handler for what a game logs with `logging` already."""

import logging

#: What every record has: a field beyond these came with `extra`.
_ORDINARY = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class LogHandler(logging.Handler):
    """Sends records to observerio: `logging.getLogger().addHandler(observerio.LogHandler(game))`.

    The logger's name, and what came with `extra`, are fields; so is an exception, with its traceback. It never waits.
    """

    def __init__(self, game, level=logging.NOTSET):
        super().__init__(level)
        self.game = game

    def emit(self, record):
        try:
            fields = {"logger": record.name}
            fields |= {name: value for name, value in vars(record).items() if name not in _ORDINARY}
            if record.exc_info:
                fields["exception"] = logging.Formatter().formatException(record.exc_info)
            self.game.log(_word(record.levelno), record.getMessage(), **fields)
        except Exception:
            self.handleError(record)


def _word(number):
    for least, word in ((logging.CRITICAL, "fatal"), (logging.ERROR, "error"), (logging.WARNING, "warn")):
        if number >= least:
            return word
    return "info" if number >= logging.INFO else "debug" if number >= logging.DEBUG else "trace"
