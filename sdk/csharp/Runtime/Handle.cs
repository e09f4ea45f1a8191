using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;
using System.Threading;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>The library's game. Whoever holds a variable holds this, so a variable is never read after it is freed.</summary>
    internal sealed class Handle
    {
        private readonly List<GCHandle> checks = new List<GCHandle>();
        // the handles above are weak: a check may hold the game
        private readonly List<object> asked = new List<object>();
        private IntPtr connection;

        internal Handle(IntPtr game)
        {
            Game = game;
        }

        internal IntPtr Game { get; }

        internal IntPtr Connection
        {
            get { return connection; }
            set { connection = value; }
        }

        /// <summary>What C hands back to a check. It is valid for as long as this lives.</summary>
        internal IntPtr Keep(object check)
        {
            lock (checks)
            {
                GCHandle weak = GCHandle.Alloc(check, GCHandleType.Weak);
                checks.Add(weak);
                asked.Add(check);
                return GCHandle.ToIntPtr(weak);
            }
        }

        internal void Disconnect(TimeSpan within)
        {
            IntPtr old = Interlocked.Exchange(ref connection, IntPtr.Zero);
            if (old != IntPtr.Zero) Texts.Demand(obs_close(old, Milliseconds(within)));
        }

        internal static uint Milliseconds(TimeSpan time)
        {
            return (uint)Math.Max(0, Math.Min(time.TotalMilliseconds, uint.MaxValue));
        }

        ~Handle()
        {
            IntPtr old = Interlocked.Exchange(ref connection, IntPtr.Zero);
            if (old != IntPtr.Zero) obs_close(old, 0);
            obs_game_free(Game);
            foreach (GCHandle weak in checks) weak.Free();
        }
    }
}
