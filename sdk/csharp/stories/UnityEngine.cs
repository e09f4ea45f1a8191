// The few parts of Unity that the sample uses, so that it runs without the engine: `mono sample.exe KEY ADDRESS`.
using System;
using System.Reflection;
using System.Threading;

namespace UnityEngine
{
    public struct Vector3
    {
        public float x, y, z;
    }

    public class Transform
    {
        public Vector3 position;

        public void Translate(float x, float y, float z)
        {
            position = new Vector3 { x = position.x + x, y = position.y + y, z = position.z + z };
        }
    }

    public class MonoBehaviour
    {
        public Transform transform { get; } = new Transform();
    }

    public static class SystemInfo
    {
        public const string deviceUniqueIdentifier = "my-laptop";
    }

    public static class Time
    {
        public const float deltaTime = 0.016f;
    }

    public static class Debug
    {
        public static void Log(object message)
        {
            Console.WriteLine(message);
        }
    }

    public static class Application
    {
        public const string version = "1.0";
        internal static bool IsRunning = true;

        public static void Quit()
        {
            IsRunning = false;
        }
    }

    /// <summary>Plays one scene with one object, in the order in which the engine calls it.</summary>
    internal static class Engine
    {
        private static void Main(string[] arguments)
        {
            var boss = new Boss { key = arguments[0], address = arguments[1] };
            Call(boss, "Awake");
            while (Application.IsRunning)
            {
                Call(boss, "Update");
                Thread.Sleep(16);
            }
            Call(boss, "OnDestroy");
        }

        private static void Call(Boss boss, string message)
        {
            boss.GetType().GetMethod(message, BindingFlags.Instance | BindingFlags.NonPublic).Invoke(boss, null);
        }
    }
}
