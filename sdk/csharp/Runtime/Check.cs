using System;
using System.Runtime.InteropServices;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>What the game says to a value that people want: it takes it, takes another one, or keeps what it has.</summary>
    public struct Verdict<T>
    {
        internal readonly int Decision;
        internal readonly T Value;
        internal readonly string Reason;

        private Verdict(obs_decision decision, T value, string reason)
        {
            Decision = (int)decision;
            Value = value;
            Reason = reason;
        }

        /// <summary>The game takes it: also what <c>default</c> is.</summary>
        public static Verdict<T> Take { get; } = default(Verdict<T>);

        /// <summary>The game takes another value in its place; people read why.</summary>
        public static Verdict<T> Clamp(T value, string reason)
        {
            return new Verdict<T>(obs_decision.OBS_DECISION_CLAMP, value, reason);
        }

        /// <summary>The game keeps what it has; people read why.</summary>
        public static Verdict<T> Reject(string reason)
        {
            return new Verdict<T>(obs_decision.OBS_DECISION_REJECT, default(T), reason);
        }
    }

    /// <summary>A static method with this attribute may be called by native code: IL2CPP compiles it so, ahead of time. It
    /// knows the attribute by its name.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    internal sealed class MonoPInvokeCallbackAttribute : Attribute
    {
        public MonoPInvokeCallbackAttribute(Type type)
        {
            Type = type;
        }

        public Type Type { get; }
    }

    /// <summary>A check without its type.</summary>
    internal abstract unsafe class Check
    {
        /// <summary>The library reads a text after the check has returned: it stays until the next one.</summary>
        private Texts said = new Texts();

        [UnmanagedFunctionPointer(CallingConvention.Cdecl)]
        private delegate int Native(IntPtr context, obs_value* wanted, obs_verdict* verdict);

        // the one function that native code calls, in the thread that calls Frame; kept, so that it is not collected
        private static readonly Native OnAsked = Asked;
        private static readonly IntPtr Address = Marshal.GetFunctionPointerForDelegate(OnAsked);

        protected abstract int Ask(obs_value* wanted, out object value, out string reason);

        internal static void Fill(ref obs_spec spec, Handle handle, Check check)
        {
            spec.check = Address;
            spec.context = handle.Keep(check);
        }

        [MonoPInvokeCallback(typeof(Native))]
        private static int Asked(IntPtr context, obs_value* wanted, obs_verdict* verdict)
        {
            string reason;
            int decision;
            try
            {
                var check = (Check)GCHandle.FromIntPtr(context).Target;
                object value;
                decision = check.Ask(wanted, out value, out reason);
                if (decision == (int)obs_decision.OBS_DECISION_CLAMP)
                {
                    check.said.Dispose();
                    verdict->value = check.said.Put(value);
                }
            }
            catch (Exception fault)
            {
                // whatever a check does, the game goes on
                reason = fault.GetType().Name + ": " + fault.Message;
                decision = (int)obs_decision.OBS_DECISION_REJECT;
            }
            Explain(verdict, reason ?? "");
            return decision;
        }

        /// <summary>As many whole characters as fit.</summary>
        private static void Explain(obs_verdict* verdict, string reason)
        {
            byte[] bytes = Texts.Utf8.GetBytes(reason.Replace('\0', '\ufffd'));
            int length = bytes.Length;
            if (length > ReasonBytes)
            {
                length = ReasonBytes;
                while (length > 0 && (bytes[length] & 0xc0) == 0x80) length--;
            }
            Marshal.Copy(bytes, 0, (IntPtr)verdict->reason, length);
            verdict->reason[length] = 0;
        }

        private static readonly int ReasonBytes = sizeof(obs_verdict) - sizeof(obs_value) - 1;

        ~Check()
        {
            said.Dispose();
        }
    }

    /// <summary>The game's own look at a value.</summary>
    internal sealed unsafe class Check<T> : Check
    {
        private readonly Func<T, Verdict<T>> check;

        internal Check(Func<T, Verdict<T>> check)
        {
            this.check = check;
        }

        protected override int Ask(obs_value* wanted, out object value, out string reason)
        {
            Verdict<T> verdict = check((T)Read(wanted));
            value = verdict.Value;
            reason = verdict.Reason;
            return verdict.Decision;
        }

        private static object Read(obs_value* wanted)
        {
            if (typeof(T) == typeof(bool)) return wanted->boolean != 0;
            bool isInt = wanted->kind == (int)obs_kind.OBS_KIND_INT;
            if (typeof(T) == typeof(double)) return isInt ? (double)wanted->integer : wanted->number;
            if (typeof(T) == typeof(long)) return wanted->integer;
            return Texts.Read(wanted->text) ?? "";
        }
    }
}
