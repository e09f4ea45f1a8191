// Made from observerio.h: don't edit it.
using System;
using System.Runtime.InteropServices;

namespace Observerio
{
    internal static unsafe class NativeMethods
    {
#if UNITY_IOS && !UNITY_EDITOR
        private const string Library = "__Internal";
#else
        private const string Library = "observerio";
#endif
        /// <summary>The header's: major &lt;&lt; 16 | minor &lt;&lt; 8 | patch.</summary>
        internal const uint Version = 0x000100;

        internal enum obs_status
        {
            OBS_STATUS_OK = 0,
            OBS_STATUS_NULL = -1,
            OBS_STATUS_UTF8 = -2,
            OBS_STATUS_INVALID = -3,
            OBS_STATUS_TYPE = -4,
            OBS_STATUS_STATE = -5,
            OBS_STATUS_TIMEOUT = -6,
            OBS_STATUS_SYSTEM = -7,
            OBS_STATUS_PANIC = -8,
        }

        internal enum obs_level
        {
            OBS_LEVEL_TRACE = 0,
            OBS_LEVEL_DEBUG = 1,
            OBS_LEVEL_INFO = 2,
            OBS_LEVEL_WARN = 3,
            OBS_LEVEL_ERROR = 4,
            OBS_LEVEL_FATAL = 5,
        }

        internal enum obs_kind
        {
            OBS_KIND_BOOL = 0,
            OBS_KIND_INT = 1,
            OBS_KIND_DOUBLE = 2,
            OBS_KIND_TEXT = 3,
            OBS_KIND_JSON = 4,
        }

        internal enum obs_decision
        {
            OBS_DECISION_TAKE = 0,
            OBS_DECISION_CLAMP = 1,
            OBS_DECISION_REJECT = 2,
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct obs_settings
        {
            internal byte* key;
            internal byte* device;
            internal byte* name;
            internal byte* app;
            internal byte* platform;
            internal UIntPtr outbox_bytes;
            internal uint report_ms;
            internal byte* values_in;
            internal byte* outbox_in;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct obs_stats
        {
            internal byte is_connected;
            internal byte is_original;
            internal ulong stored;
            internal fixed ulong dropped[6];
            internal ulong refused;
            internal ulong waiting_bytes;
            internal long revision;
            internal ulong disk_errors;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct obs_value
        {
            internal int kind;
            internal byte boolean;
            internal long integer;
            internal double number;
            internal byte* text;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct obs_verdict
        {
            internal obs_value value;
            internal fixed byte reason[256];
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct obs_spec
        {
            internal byte* label;
            internal byte* help;
            internal byte* unit;
            internal byte* group;
            internal byte* source;
            internal byte has_range;
            internal double min;
            internal double max;
            internal long min_int;
            internal long max_int;
            internal double step;
            internal byte** options;
            internal UIntPtr option_count;
            internal IntPtr check;
            internal IntPtr context;
        }

        [StructLayout(LayoutKind.Sequential)]
        internal struct obs_field
        {
            internal byte* name;
            internal obs_value value;
        }

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern uint obs_version();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte obs_is_compatible(uint header_version);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* obs_last_error();

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_game_new(obs_settings* settings, IntPtr* game);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern void obs_game_free(IntPtr game);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern int obs_frame(IntPtr game);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_get_stats(IntPtr game, obs_stats* stats);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern long obs_server_error(IntPtr game, byte* buffer, UIntPtr size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern long obs_disk_error(IntPtr game, byte* buffer, UIntPtr size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_connect(IntPtr game, byte* address, IntPtr* connection);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_connect_tls(IntPtr game, byte* address, IntPtr* connection);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_flush(IntPtr connection, uint timeout_ms);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_close(IntPtr connection, uint timeout_ms);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_declare_bool(IntPtr game, byte* name, byte own, obs_spec* spec, IntPtr* var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_declare_int(IntPtr game, byte* name, long own, obs_spec* spec, IntPtr* var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_declare_double(IntPtr game, byte* name, double own, obs_spec* spec, IntPtr* var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_declare_text(IntPtr game, byte* name, byte* own, obs_spec* spec, IntPtr* var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_declare_color(IntPtr game, byte* name, byte* own, obs_spec* spec, IntPtr* var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_measure_double(IntPtr game, byte* name, double first, obs_spec* spec, IntPtr* var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_measure_int(IntPtr game, byte* name, long first, obs_spec* spec, IntPtr* var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte obs_get_bool(IntPtr var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern long obs_get_int(IntPtr var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern double obs_get_double(IntPtr var);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern long obs_get_text(IntPtr var, byte* buffer, UIntPtr size);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_set_bool(IntPtr var, byte value);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_set_int(IntPtr var, long value);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_set_double(IntPtr var, double value);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_set_text(IntPtr var, byte* value);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_declare_action(IntPtr game, byte* name, obs_spec* spec);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_poll_action(IntPtr game, IntPtr* call);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* obs_call_name(IntPtr call);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern byte* obs_call_args(IntPtr call);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_answer(IntPtr call, byte* result);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_fail(IntPtr call, byte* reason);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_log(IntPtr game, int level, byte* message);

        [DllImport(Library, CallingConvention = CallingConvention.Cdecl)]
        internal static extern obs_status obs_log_fields(IntPtr game, int level, byte* message, obs_field* fields, UIntPtr count);
    }
}
