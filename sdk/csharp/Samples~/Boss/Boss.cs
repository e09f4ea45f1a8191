using Observerio;
using UnityEngine;

/// <summary>A boss whose speed people tune while it walks.</summary>
public class Boss : MonoBehaviour
{
    public string key = "YOUR_KEY";
    public string address = "127.0.0.1:6667";

    private Game game;
    private Var<double> speed;
    private Var<bool> playing;

    private void Awake()
    {
        game = new Game(key, device: SystemInfo.deviceUniqueIdentifier, app: Application.version);
        speed = game.Double("boss.speed", 2.5, min: 0, max: 20, spec: new Spec { Unit = "m/s" });
        playing = game.Bool("game.playing", true);
        game.Connect(address);
    }

    private void Update()
    {
        if (game.Frame() > 0) game.Log(Level.Info, "somebody tuned the boss");
        transform.Translate((float)speed.Value * Time.deltaTime, 0, 0);
        if (!playing.Value) Application.Quit();
    }

    private void OnDestroy()
    {
        game.Dispose();
        Debug.Log("the boss walked " + transform.position.x.ToString("F1") + " m");
    }
}
