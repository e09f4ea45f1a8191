using System;
using System.Globalization;
using System.Runtime.InteropServices;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>A variable that people tune, or a measurement.</summary>
    public abstract class Var<T>
    {
        internal readonly Handle Handle;
        internal readonly IntPtr Native;

        internal Var(Handle handle, IntPtr native)
        {
            Handle = handle;
            Native = native;
        }

        /// <summary>The value in force. Setting it makes it the game's own value, in force until people want another one. Any
        /// thread, also beside <see cref="Game.Frame"/>.</summary>
        /// <exception cref="ObserverioException">A double that is set is not finite.</exception>
        public abstract T Value { get; set; }

        /// <summary>The value in force.</summary>
        public static implicit operator T(Var<T> var)
        {
            return var.Value;
        }

        public override string ToString()
        {
            return Convert.ToString(Value, CultureInfo.InvariantCulture);
        }
    }

    internal sealed class BoolVar : Var<bool>
    {
        internal BoolVar(Handle handle, IntPtr native) : base(handle, native) { }

        public override bool Value
        {
            get
            {
                bool value = obs_get_bool(Native) != 0;
                GC.KeepAlive(Handle);
                return value;
            }
            set
            {
                Texts.Demand(obs_set_bool(Native, value ? (byte)1 : (byte)0));
                GC.KeepAlive(Handle);
            }
        }
    }

    internal sealed class IntVar : Var<long>
    {
        internal IntVar(Handle handle, IntPtr native) : base(handle, native) { }

        public override long Value
        {
            get
            {
                long value = obs_get_int(Native);
                GC.KeepAlive(Handle);
                return value;
            }
            set
            {
                Texts.Demand(obs_set_int(Native, value));
                GC.KeepAlive(Handle);
            }
        }
    }

    internal sealed class DoubleVar : Var<double>
    {
        internal DoubleVar(Handle handle, IntPtr native) : base(handle, native) { }

        public override double Value
        {
            get
            {
                double value = obs_get_double(Native);
                GC.KeepAlive(Handle);
                return value;
            }
            set
            {
                Texts.Demand(obs_set_double(Native, value));
                GC.KeepAlive(Handle);
            }
        }
    }

    internal sealed unsafe class TextVar : Var<string>
    {
        private const int StackBytes = 256;

        /// <summary>What was read last: a game that reads it each frame makes no garbage.</summary>
        private volatile Seen last = new Seen { Bytes = new byte[0], Text = "" };

        private sealed class Seen
        {
            internal byte[] Bytes;
            internal string Text;
        }

        internal TextVar(Handle handle, IntPtr native) : base(handle, native) { }

        public override string Value
        {
            get
            {
                byte* near = stackalloc byte[StackBytes];
                long length = Copy(near, StackBytes);
                if (length < StackBytes) return Keep(near, (int)length);
                while (true)
                {
                    var far = new byte[length + 1];
                    fixed (byte* at = far)
                    {
                        length = Copy(at, far.Length);
                        // it may have grown since
                        if (length < far.Length) return Keep(at, (int)length);
                    }
                }
            }
            set
            {
                using (var texts = new Texts()) Texts.Demand(obs_set_text(Native, texts.Add(value)));
                GC.KeepAlive(Handle);
            }
        }

        private long Copy(byte* into, int size)
        {
            long length = obs_get_text(Native, into, (UIntPtr)(uint)size);
            Texts.Demand((obs_status)Math.Min(length, 0));
            GC.KeepAlive(Handle);
            return length;
        }

        private string Keep(byte* text, int length)
        {
            Seen known = last;
            if (known.Bytes.Length == length && AreSame(text, known.Bytes)) return known.Text;
            var read = new Seen { Bytes = new byte[length], Text = Texts.Utf8.GetString(text, length) };
            Marshal.Copy((IntPtr)text, read.Bytes, 0, length);
            last = read;
            return read.Text;
        }

        private static bool AreSame(byte* text, byte[] bytes)
        {
            for (int at = 0; at < bytes.Length; at++)
                if (text[at] != bytes[at]) return false;
            return true;
        }
    }
}
