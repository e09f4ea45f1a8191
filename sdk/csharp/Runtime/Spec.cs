using System;
using System.IO;
using static Observerio.NativeMethods;

namespace Observerio
{
    /// <summary>What people are told of a variable. Everything is optional.</summary>
    public struct Spec
    {
        /// <summary>What people read in place of the name.</summary>
        public string Label;

        /// <summary>A sentence for the tooltip.</summary>
        public string Help;

        /// <summary>Such as "m/s".</summary>
        public string Unit;

        /// <summary>A path of headings, such as "enemy/boss".</summary>
        public string Group;

        /// <summary>The step of arrow keys and sliders; 0: unspecified.</summary>
        public double Step;
    }

    /// <summary>A <see cref="Spec"/> as C reads it, until this is disposed of.</summary>
    internal sealed unsafe class RawSpec : IDisposable
    {
        internal readonly Texts Texts = new Texts();
        internal obs_spec Spec;

        internal RawSpec(Spec spec, string file, int line)
        {
            Spec.label = Texts.Add(spec.Label);
            Spec.help = Texts.Add(spec.Help);
            Spec.unit = Texts.Add(spec.Unit);
            Spec.group = Texts.Add(spec.Group);
            Spec.step = spec.Step;
            Spec.source = line > 0 ? Texts.Add(FileName(file) + ":" + line) : null;
        }

        internal RawSpec Ask<T>(Handle handle, Func<T, Verdict<T>> check)
        {
            if (check != null) Check.Fill(ref Spec, handle, new Check<T>(check));
            return this;
        }

        internal obs_spec Between(long min, long max)
        {
            Spec.has_range = 1;
            Spec.min_int = min;
            Spec.max_int = max;
            return Spec;
        }

        internal obs_spec Between(double min, double max)
        {
            bool isOpen = double.IsNegativeInfinity(min) && double.IsPositiveInfinity(max);
            Spec.has_range = isOpen ? (byte)0 : (byte)1;
            Spec.min = double.IsNegativeInfinity(min) ? double.MinValue : min;
            Spec.max = double.IsPositiveInfinity(max) ? double.MaxValue : max;
            return Spec;
        }

        internal obs_spec OneOf(string[] options)
        {
            if (options == null) return Spec;
            Spec.options = Texts.Add(options);
            Spec.option_count = (UIntPtr)(uint)options.Length;
            return Spec;
        }

        // paths of the machine that compiled it may have other separators than this one's
        private static string FileName(string file)
        {
            return Path.GetFileName(file.Replace('\\', '/'));
        }

        public void Dispose()
        {
            Texts.Dispose();
        }
    }
}
