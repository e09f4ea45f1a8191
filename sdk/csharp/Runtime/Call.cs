using System;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>Somebody pressed a button. Answer it once, now or later; after 30 seconds people are told that it failed.</summary>
    public sealed unsafe class Call
    {
        private readonly object gate = new object();
        private IntPtr native;

        internal Call(IntPtr native)
        {
            this.native = native;
            Name = Texts.Read(obs_call_name(native));
            Args = Texts.Read(obs_call_args(native));
        }

        /// <summary>Which action.</summary>
        public string Name { get; }

        /// <summary>What it was called with, as JSON; null without any.</summary>
        public string Args { get; }

        /// <summary>It is done. The result is JSON, or null for none.</summary>
        /// <exception cref="ObserverioException">The result is not JSON: the call can still be answered.</exception>
        /// <exception cref="InvalidOperationException">The call was answered before.</exception>
        public void Answer(string json = null)
        {
            using (var texts = new Texts()) Finish(call => obs_answer(call, texts.Add(json)));
        }

        /// <summary>It failed, for a reason that people read.</summary>
        /// <exception cref="InvalidOperationException">The call was answered before.</exception>
        public void Fail(string reason)
        {
            using (var texts = new Texts()) Finish(call => obs_fail(call, texts.Add(reason ?? "")));
        }

        private void Finish(Func<IntPtr, obs_status> finish)
        {
            lock (gate)
            {
                if (native == IntPtr.Zero) throw new InvalidOperationException("this call was answered before");
                Texts.Demand(finish(native));
                native = IntPtr.Zero;
            }
        }

        ~Call()
        {
            if (native == IntPtr.Zero) return;
            using (var texts = new Texts()) obs_fail(native, texts.Add("the game did not answer"));
        }
    }
}
