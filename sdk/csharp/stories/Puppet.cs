// Plays the game in the stories of sdk/stories, with the package: one command a line, one answer a line.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.IO;
using System.Linq;
using System.Text;
using System.Threading;
using Observerio;

internal sealed class Puppet
{
    private readonly Dictionary<string, object> vars = new Dictionary<string, object>();
    private Game game;
    private Call call;

    private static void Main()
    {
        var utf8 = new UTF8Encoding(false);
        var commands = new StreamReader(Console.OpenStandardInput(), utf8);
        var answers = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true, NewLine = "\n" };
        var puppet = new Puppet();
        for (string line = commands.ReadLine(); line != null; line = commands.ReadLine())
        {
            string answer;
            try
            {
                answer = puppet.Obey(line.Split('\t'));
            }
            catch (Exception fault)
            {
                answer = "error " + fault.GetType().Name + ": " + fault.Message;
            }
            answers.WriteLine(answer);
        }
        puppet.End();
    }

    /// <summary>What nobody holds any more is freed: by finalizers, in any order.</summary>
    private void End()
    {
        game = null;
        call = null;
        vars.Clear();
        GC.Collect();
        GC.WaitForPendingFinalizers();
    }

    private string Obey(string[] word)
    {
        switch (word[0])
        {
            case "new":
                string folder = word.Length > 3 ? word[3] : null;
                game = new Game(word[1], device: word[2], name: "Puppet", app: "1.0", valuesIn: folder, outboxIn: folder);
                return "ok";
            case "connect":
                game.Connect(word[1]);
                return "ok";
            case "get":
                return Get(vars[word[1]]);
            case "set":
                return Set(vars[word[1]], word[2]);
            case "frame":
                game.Frame();
                Thread.Sleep(1);
                return "ok";
            case "log":
                game.Log((Level)Enum.Parse(typeof(Level), word[1], true), word[2], ("hp", Int(word[3])), ("room", word[4]));
                return "ok";
            case "action":
                game.Action(word[1]);
                return "ok";
            case "poll":
                call = game.Take();
                return call == null ? "none" : call.Name + " " + (call.Args ?? "-");
            case "answer":
                call.Answer(word[1]);
                return "ok";
            case "fail":
                call.Fail(word[1]);
                return "ok";
            case "stats":
                Stats stats = game.Stats();
                ulong dropped = stats.Dropped.Aggregate(0UL, (sum, count) => sum + count);
                return $"{(stats.IsConnected ? 1 : 0)} {(stats.IsOriginal ? 1 : 0)} {stats.Stored} {dropped}";
            case "flush":
                return game.Flush(Milliseconds(word[1])) ? "ok" : "timeout";
            case "close":
                game.Close(Milliseconds(word[1]));
                return "ok";
            default:
                vars[word[1]] = Declare(word);
                return "ok";
        }
    }

    private object Declare(string[] word)
    {
        string name = word[1], own = word[2];
        switch (word[0])
        {
            case "bool":
                return game.Bool(name, own == "true");
            case "int":
                return game.Int(name, Int(own), Int(word[3]), Int(word[4]));
            case "even":
                return game.Int(name, Int(own), check: OnlyEven);
            case "double":
                var spec = new Spec { Unit = word[5], Group = "enemy/boss", Help = "How fast" };
                return game.Double(name, Double(own), Double(word[3]), Double(word[4]), spec);
            case "measure":
                return game.Measure(name, Double(own));
            case "text":
                return game.Text(name, own);
            case "choice":
                return game.Text(name, own, word.Skip(3).ToArray());
            case "color":
                return game.Color(name, own);
            default:
                throw new ArgumentException("no command " + word[0]);
        }
    }

    private static Verdict<long> OnlyEven(long wanted)
    {
        if (wanted < 0) return Verdict<long>.Reject("in a cutscene");
        return wanted % 2 == 0 ? Verdict<long>.Take : Verdict<long>.Clamp(wanted - 1, "even numbers only");
    }

    private static string Get(object var)
    {
        if (var is Var<bool>) return ((Var<bool>)var).Value ? "true" : "false";
        if (var is Var<double>) return ((Var<double>)var).Value.ToString("G15", CultureInfo.InvariantCulture);
        return var.ToString();
    }

    private static string Set(object var, string word)
    {
        if (var is Var<bool>) ((Var<bool>)var).Value = word == "true";
        else if (var is Var<long>) ((Var<long>)var).Value = Int(word);
        else if (var is Var<double>) ((Var<double>)var).Value = Double(word);
        else ((Var<string>)var).Value = word;
        return "ok";
    }

    private static long Int(string word)
    {
        return long.Parse(word, CultureInfo.InvariantCulture);
    }

    private static double Double(string word)
    {
        return double.Parse(word, CultureInfo.InvariantCulture);
    }

    private static TimeSpan Milliseconds(string word)
    {
        return TimeSpan.FromMilliseconds(Double(word));
    }
}
