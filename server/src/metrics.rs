//! Metrics for operators, one line each: name, help, and how to read it.
//!
//! Nothing is collected in between: every number is read on request, from the gateway's [`Status`], the ports and the
//! operating system. docs/operating.md lists the same names.

use std::{
    fmt::{self, Debug, Formatter},
    sync::Arc,
};

use gateway::{Gateway, Status};
use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeCounterValue, MetricEncoder, NoLabelSet, text},
    metrics::MetricType,
    registry::Registry,
};

use protocol::ErrorCode;

use crate::{
    config::Memory,
    net::{Port, Refusal},
    process::Process,
    web::Readers,
};

/// The `Content-Type` of the text.
pub(crate) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A metric. The suffix `_total` is added to the name of a counter.
struct Metric {
    name: &'static str,
    help: &'static str,
    reading: Reading,
}

enum Reading {
    Counter(fn(&Numbers) -> u64),
    Gauge(fn(&Numbers) -> u64),
    /// A gauge; NaN where it can't be read.
    IfKnown(fn(&Numbers) -> Option<u64>),
    /// One counter per reason for refusing a connection.
    Refusals(fn(&Numbers, Refusal) -> u64),
    /// One counter per code of a permanent refusal.
    Codes(fn(&Numbers, ErrorCode) -> u64),
    /// Only if the operating system provides it.
    Process(MetricType, fn(&Process) -> f64),
}

/// Everything that metrics are read from, at one point in time.
struct Numbers {
    gateway: Gateway,
    status: Status,
    games: Arc<Port>,
    http: Arc<Port>,
    readers: Arc<Readers>,
    memory: Memory,
    process: Option<Process>,
}

const fn counter(name: &'static str, help: &'static str, read: fn(&Numbers) -> u64) -> Metric {
    Metric { name, help, reading: Reading::Counter(read) }
}

const fn gauge(name: &'static str, help: &'static str, read: fn(&Numbers) -> u64) -> Metric {
    Metric { name, help, reading: Reading::Gauge(read) }
}

const fn refusals(name: &'static str, help: &'static str, read: fn(&Numbers, Refusal) -> u64) -> Metric {
    Metric { name, help, reading: Reading::Refusals(read) }
}

const fn process(
    name: &'static str,
    help: &'static str,
    kind: MetricType,
    read: fn(&Process) -> f64,
) -> Metric {
    Metric { name, help, reading: Reading::Process(kind, read) }
}

const METRICS: &[Metric] = &[
    gauge("observerio_games", "Games that are connected and verified", |n| n.status.games),
    gauge("observerio_dashboards", "Dashboards that follow a project", |n| n.status.watchers),
    counter("observerio_records_committed", "Log entries, values and edits that were committed", |n| {
        n.status.written.committed_records
    }),
    counter("observerio_commits", "Transactions that were committed", |n| n.status.written.commits),
    counter(
        "observerio_records_lost",
        "Records that were accepted and then lost because the database failed",
        |n| n.status.written.lost_records,
    ),
    counter("observerio_commit_microseconds", "Time spent in commits, including failed ones", |n| {
        n.status.written.commit_micros
    }),
    counter("observerio_commit_retries", "Commits that were retried because the database failed", |n| {
        n.status.written.retries
    }),
    counter("observerio_lines_repeated", "Repeated lines that were already stored", |n| {
        n.status.written.repeated_lines
    }),
    counter("observerio_lines_fenced", "Lines from a connection whose session was taken over", |n| {
        n.status.written.fenced_lines
    }),
    counter("observerio_lines_busy", "Lines that were refused because the server was busy", |n| {
        n.status.written.busy_lines
    }),
    counter(
        "observerio_lines_unavailable",
        "Lines that were refused because the database was unavailable",
        |n| n.status.written.unavailable_lines,
    ),
    Metric {
        name: "observerio_lines_refused",
        help: "Lines, or parts of them, that were permanently refused",
        reading: Reading::Codes(|n, code| n.gateway.refused(code)),
    },
    counter(
        "observerio_devices_displaced",
        "Devices that were removed to make room for new ones in a full project",
        |n| n.status.written.displaced_devices,
    ),
    gauge("observerio_queued_bytes", "Bytes that are waiting to be stored", |n| n.status.queued_bytes),
    gauge("observerio_untaken_bytes", "Bytes of changes that were not sent to every dashboard yet", |n| {
        n.status.untaken_bytes
    }),
    gauge("observerio_push_bytes", "Bytes of values that were not sent to every game yet", |n| {
        n.status.push_bytes
    }),
    counter(
        "observerio_sends_postponed",
        "Values and changes that were not sent at once because there was no memory",
        |n| n.status.postponed,
    ),
    gauge(
        "observerio_unread_line_bytes",
        "Bytes of lines from games that are incomplete or waiting for room, and of answers that games do not read",
        |n| n.status.unread_bytes,
    ),
    counter(
        "observerio_unread_lines_refused",
        "Connections that were closed because there was no memory for their line or their answers",
        |n| n.status.unread_refused,
    ),
    gauge("observerio_project_bytes", "Bytes of declarations and values in memory", |n| {
        n.status.project_bytes
    }),
    counter(
        "observerio_projects_refused",
        "Projects that were not loaded because there was no memory",
        |n| n.status.projects_refused,
    ),
    gauge("observerio_answer_bytes", "Bytes of responses that were not read yet", |n| {
        n.readers.bytes() as u64
    }),
    counter("observerio_answers_refused", "Responses that were not sent because there was no memory", |n| {
        n.readers.refused()
    }),
    gauge("observerio_memory_limit_bytes", "Memory the program may use", |n| n.memory.bytes() as u64),
    counter("observerio_project_loads", "Projects that were loaded from the database", |n| {
        n.status.project_loads
    }),
    gauge("observerio_projects_full", "Projects that have reached their daily limit of the log", |n| {
        n.status.full_projects
    }),
    gauge("observerio_log_bytes", "Bytes of all projects' logs, with 64 for each line", |n| {
        n.status.log_bytes
    }),
    gauge(
        "observerio_log_oldest_timestamp_seconds",
        "When the oldest line of all logs was received, in seconds since 1970; 0 without lines",
        |n| n.status.log_oldest_seconds,
    ),
    counter("observerio_log_lines_forgotten", "Log lines that retention policies removed", |n| {
        n.status.lines_forgotten
    }),
    gauge("observerio_log_bytes_per_day", "Bytes of log received in the last 24 hours", |n| {
        n.status.disk.map_or(0, |disk| disk.day_bytes)
    }),
    Metric {
        name: "observerio_disk_free_bytes",
        help: "Bytes that can still be written to the database's disk; NaN where that is unknown",
        reading: Reading::IfKnown(|n| n.status.disk.map(|disk| disk.free_bytes)),
    },
    gauge("observerio_storing", "1 while the database accepts writes", |n| u64::from(n.status.storing)),
    gauge("observerio_game_connections", "Connections of games, also in browsers, verified or not", |n| {
        n.games.open()
    }),
    counter("observerio_game_connections_accepted", "Accepted connections of games", |n| n.games.accepted()),
    refusals("observerio_game_connections_refused", "Refused connections of games", |n, reason| {
        n.games.refused(reason)
    }),
    gauge("observerio_http_connections", "Connections at the HTTP port", |n| n.http.open()),
    counter("observerio_http_connections_accepted", "Connections accepted at the HTTP port", |n| {
        n.http.accepted()
    }),
    refusals("observerio_http_connections_refused", "Connections refused at the HTTP port", |n, reason| {
        n.http.refused(reason)
    }),
    process("process_resident_memory_bytes", "Memory in use", MetricType::Gauge, |p| p.resident_bytes as f64),
    process("process_open_fds", "Open files and sockets", MetricType::Gauge, |p| p.open_files as f64),
    process("process_max_fds", "Maximum number of open files and sockets", MetricType::Gauge, |p| {
        p.max_files as f64
    }),
    process("process_cpu_seconds", "Processor time used", MetricType::Counter, |p| p.cpu_seconds),
    process("process_start_time_seconds", "Start time in seconds since 1970", MetricType::Gauge, |p| {
        p.started_at_seconds
    }),
];

/// Every metric of one server.
pub(crate) struct Metrics {
    registry: Registry,
}

impl Metrics {
    pub(crate) fn new(
        gateway: Gateway,
        games: Arc<Port>,
        http: Arc<Port>,
        readers: Arc<Readers>,
        memory: Memory,
    ) -> Self {
        let mut registry = Registry::default();
        registry.register_collector(Box::new(Source { gateway, games, http, readers, memory }));
        Self { registry }
    }

    /// All of them, as OpenMetrics text 1.0.
    pub(crate) fn encode(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }
}

struct Source {
    gateway: Gateway,
    games: Arc<Port>,
    http: Arc<Port>,
    readers: Arc<Readers>,
    memory: Memory,
}

impl Debug for Source {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").finish_non_exhaustive()
    }
}

impl Collector for Source {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        let build = [("version", env!("CARGO_PKG_VERSION")), ("database", self.gateway.database())];
        encoder
            .encode_descriptor("observerio_build", "Version of this server", None, MetricType::Info)?
            .encode_info(&build)?;
        let numbers = Numbers {
            gateway: self.gateway.clone(),
            status: self.gateway.status(),
            games: Arc::clone(&self.games),
            http: Arc::clone(&self.http),
            readers: Arc::clone(&self.readers),
            memory: self.memory,
            process: Process::read(),
        };
        METRICS.iter().try_for_each(|metric| metric.encode(&numbers, &mut encoder))
    }
}

impl Metric {
    fn encode(&self, numbers: &Numbers, encoder: &mut DescriptorEncoder) -> fmt::Result {
        let mut out = match (&self.reading, &numbers.process) {
            (Reading::Process(..), None) => return Ok(()),
            (reading, _) => encoder.encode_descriptor(self.name, self.help, None, reading.kind())?,
        };
        match self.reading {
            Reading::Counter(read) => encode_counter(&mut out, &read(numbers)),
            Reading::Gauge(read) => out.encode_gauge(&read(numbers)),
            // no comparison with it is true, so nobody is alarmed
            Reading::IfKnown(read) => {
                out.encode_gauge(&read(numbers).map_or(f64::NAN, |number| number as f64))
            }
            Reading::Refusals(read) => Refusal::ALL.iter().try_for_each(|reason| {
                let label = [("reason", reason.as_str())];
                encode_counter(&mut out.encode_family(&label)?, &read(numbers, *reason))
            }),
            Reading::Codes(read) => {
                ErrorCode::ALL.iter().filter(|code| code.is_refusal()).try_for_each(|code| {
                    let label = [("code", code.as_str())];
                    encode_counter(&mut out.encode_family(&label)?, &read(numbers, *code))
                })
            }
            Reading::Process(kind, read) => {
                let Some(process) = &numbers.process else { return Ok(()) };
                match kind {
                    MetricType::Counter => encode_counter(&mut out, &read(process)),
                    _ => out.encode_gauge(&read(process)),
                }
            }
        }
    }
}

impl Reading {
    fn kind(&self) -> MetricType {
        match self {
            Self::Counter(_) | Self::Refusals(_) | Self::Codes(_) => MetricType::Counter,
            Self::Gauge(_) | Self::IfKnown(_) => MetricType::Gauge,
            Self::Process(kind, _) => *kind,
        }
    }
}

fn encode_counter(out: &mut MetricEncoder, value: &impl EncodeCounterValue) -> fmt::Result {
    out.encode_counter::<NoLabelSet, _, f64>(value, None)
}
