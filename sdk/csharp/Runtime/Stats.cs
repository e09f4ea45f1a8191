using System;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>How much a log entry matters.</summary>
    public enum Level
    {
        /// <summary>Every step.</summary>
        Trace,

        /// <summary>For the people who fix the game.</summary>
        Debug,

        /// <summary>What happened.</summary>
        Info,

        /// <summary>Odd, and the game goes on.</summary>
        Warn,

        /// <summary>Something failed.</summary>
        Error,

        /// <summary>The game can't go on.</summary>
        Fatal,
    }

    /// <summary>Why a call did nothing.</summary>
    public enum Status
    {
        /// <summary>Something that is required is null.</summary>
        Null = obs_status.OBS_STATUS_NULL,

        /// <summary>A text is not UTF-8.</summary>
        Utf8 = obs_status.OBS_STATUS_UTF8,

        /// <summary>An argument is invalid: the message says which and why.</summary>
        Invalid = obs_status.OBS_STATUS_INVALID,

        /// <summary>The variable has another type.</summary>
        Type = obs_status.OBS_STATUS_TYPE,

        /// <summary>This can't be done now, or not twice.</summary>
        State = obs_status.OBS_STATUS_STATE,

        /// <summary>The time was over first.</summary>
        Timeout = obs_status.OBS_STATUS_TIMEOUT,

        /// <summary>The operating system refused.</summary>
        System = obs_status.OBS_STATUS_SYSTEM,

        /// <summary>A mistake in the library, which caught it: please report it.</summary>
        Panic = obs_status.OBS_STATUS_PANIC,
    }

    /// <summary>A call that did nothing, and why.</summary>
    public sealed class ObserverioException : Exception
    {
        internal ObserverioException(Status status, string sentence) : base("observerio: " + sentence)
        {
            Status = status;
        }

        /// <summary>The kind of failure.</summary>
        public Status Status { get; }
    }

    /// <summary>How it goes.</summary>
    public sealed unsafe class Stats
    {
        internal Stats(obs_stats raw)
        {
            IsConnected = raw.is_connected != 0;
            IsOriginal = raw.is_original != 0;
            Stored = raw.stored;
            Dropped = new ulong[6];
            for (int level = 0; level < Dropped.Length; level++) Dropped[level] = raw.dropped[level];
            Refused = raw.refused;
            WaitingBytes = raw.waiting_bytes;
            Revision = raw.revision;
            DiskErrors = raw.disk_errors;
        }

        /// <summary>Connected, and the key is accepted.</summary>
        public bool IsConnected { get; }

        /// <summary>The server speaks the original grammar only: nothing is acknowledged.</summary>
        public bool IsOriginal { get; }

        /// <summary>Log entries that the server has stored.</summary>
        public ulong Stored { get; }

        /// <summary>Log entries that were dropped for lack of room, by <see cref="Level"/>.</summary>
        public ulong[] Dropped { get; }

        /// <summary>Lines, or entries of them, that the server refused for good.</summary>
        public ulong Refused { get; }

        /// <summary>Bytes that wait to be stored.</summary>
        public ulong WaitingBytes { get; }

        /// <summary>The newest revision that the game has applied; 0: none.</summary>
        public long Revision { get; }

        /// <summary>How often a file could not be read or written.</summary>
        public ulong DiskErrors { get; }
    }
}
