using System;
using System.Collections.Generic;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>Texts of C, until this is disposed of.</summary>
    internal sealed unsafe class Texts : IDisposable
    {
        // a surrogate that stands alone is no character: it becomes U+FFFD
        internal static readonly UTF8Encoding Utf8 = new UTF8Encoding(false);
        private readonly List<IntPtr> all = new List<IntPtr>();

        internal byte* Add(string text)
        {
            if (text == null) return null;
            byte[] bytes = Utf8.GetBytes(text.Replace('\0', '\ufffd'));
            byte* at = Room(bytes.Length + 1);
            Marshal.Copy(bytes, 0, (IntPtr)at, bytes.Length);
            at[bytes.Length] = 0;
            return at;
        }

        internal byte** Add(string[] texts)
        {
            var at = (byte**)Room(texts.Length * sizeof(byte*));
            for (int i = 0; i < texts.Length; i++) at[i] = Add(texts[i]);
            return at;
        }

        /// <summary>What may be put into a log entry, or is a check's own value.</summary>
        internal obs_value Put(object value)
        {
            var raw = new obs_value();
            if (value is bool)
            {
                raw.kind = (int)obs_kind.OBS_KIND_BOOL;
                raw.boolean = (bool)value ? (byte)1 : (byte)0;
            }
            else if (value is sbyte || value is byte || value is short || value is ushort || value is int || value is uint || value is long)
            {
                raw.kind = (int)obs_kind.OBS_KIND_INT;
                raw.integer = Convert.ToInt64(value, CultureInfo.InvariantCulture);
            }
            else if (value is ulong)
            {
                // its upper half is no int64_t
                raw.kind = (int)obs_kind.OBS_KIND_JSON;
                raw.text = Add(((ulong)value).ToString(CultureInfo.InvariantCulture));
            }
            else if ((value is float || value is double) && IsFinite(Convert.ToDouble(value, CultureInfo.InvariantCulture)))
            {
                raw.kind = (int)obs_kind.OBS_KIND_DOUBLE;
                // as short as it is written in a program: 0.1f, not what a double has in its place
                raw.number = value is float
                    ? double.Parse(((float)value).ToString("R", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture)
                    : (double)value;
            }
            else
            {
                raw.kind = (int)obs_kind.OBS_KIND_TEXT;
                raw.text = Add(Convert.ToString(value, CultureInfo.InvariantCulture) ?? "");
            }
            return raw;
        }

        /// <summary>Throws if a call did nothing.</summary>
        internal static void Demand(obs_status status)
        {
            if (status < 0) throw new ObserverioException((Status)status, Read(obs_last_error()));
        }

        internal static string Read(byte* text)
        {
            if (text == null) return null;
            int length = 0;
            while (text[length] != 0) length++;
            return Utf8.GetString(text, length);
        }

        /// <summary>Throws if the library has another version than these declarations.</summary>
        internal static void RequireCompatible()
        {
            if (obs_is_compatible(NativeMethods.Version) != 0) return;
            uint has = obs_version();
            string sentence = "the native library has version " + (has >> 16) + "." + (has >> 8 & 255) + "." + (has & 255)
                + ", which does not match this package: use the one that was built with it";
            throw new ObserverioException(Status.Invalid, sentence);
        }

        private static bool IsFinite(double number)
        {
            return !double.IsNaN(number) && !double.IsInfinity(number);
        }

        internal byte* Room(int bytes)
        {
            IntPtr at = Marshal.AllocHGlobal(bytes);
            all.Add(at);
            return (byte*)at;
        }

        public void Dispose()
        {
            foreach (IntPtr at in all) Marshal.FreeHGlobal(at);
            all.Clear();
        }
    }
}
