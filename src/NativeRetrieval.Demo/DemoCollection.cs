using System.Text;
using NativeRetrieval.Core.Errors;
using NativeRetrieval.Core.Rng;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Demo;

/// <summary>
/// A small captioned sound collection made by formulas, to try everything without downloading anything: <c>train.csv</c> and
/// <c>test.csv</c> in Clotho's layout and the sounds they name in <c>audio/</c>, WAV, 32 kHz, mono, 16 bit, 2 to 4 s.
/// </summary>
/// <param name="TrainCsv">Path of the CSV with the captions to train on.</param>
/// <param name="TestCsv">Path of the CSV with the captions of held-out clips; no two clips of the collection are described alike.</param>
/// <param name="AudioFolder">Folder with the sounds of both.</param>
public sealed record DemoCollection(string TrainCsv, string TestCsv, string AudioFolder)
{
    const int CaptionsPerClip = 5;
    const string PartialSuffix = ".nr-partial";

    /// <summary>Makes the collection; the folder appears when it is complete. The same seed gives the same bytes.</summary>
    /// <param name="folder">The folder to make; it must not exist yet.</param>
    /// <param name="clips">Number of all clips, at least 1 and at most <see cref="DemoScene.MostScenes"/>.</param>
    /// <param name="testClips">Number of held-out clips among them, fewer than <paramref name="clips"/>.</param>
    /// <exception cref="OptionException">The folder exists, or a number is out of range.</exception>
    /// <exception cref="FileWriteException">The disk refused; nothing is left of the folder.</exception>
    public static DemoCollection Create(string folder, ulong seed, int clips = 400, int testClips = 100)
    {
        string target = Path.GetFullPath(folder);
        if (clips is < 1 or > DemoScene.MostScenes) throw new OptionException($"clips is {clips}; expected 1 to {DemoScene.MostScenes}");
        if (testClips < 0 || testClips >= clips)
            throw new OptionException($"test clips is {testClips}; expected 0 to {clips - 1}, fewer than the {clips} clips");
        if (Path.Exists(target)) throw new OptionException($"{folder} exists already; name a new folder or delete it");

        string partial = target + PartialSuffix;
        try
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);      // left by a run that was killed
            Write(partial, seed, clips, testClips);
            DurableFile.RenameFolder(partial, target);
        }
        catch (Exception error)
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            if (error is IOException or UnauthorizedAccessException) throw new FileWriteException(folder, error.Message, error);
            throw;
        }
        return At(target);
    }

    /// <summary>The captions of such a collection without its sounds, five for each clip.</summary>
    /// <exception cref="OptionException">The number of clips is out of range.</exception>
    public static string[] Captions(ulong seed, int clips)
    {
        if (clips is < 1 or > DemoScene.MostScenes) throw new OptionException($"clips is {clips}; expected 1 to {DemoScene.MostScenes}");
        var scenes = DemoScene.Draw(clips, new PhiloxSequence(new Philox(seed)));
        return [.. scenes.SelectMany((scene, i) => SceneCaptions.Write(scene, CaptionsPerClip, CaptionRandom(seed, i)))];
    }

    /// <summary>The collection that was made in a folder before.</summary>
    public static DemoCollection At(string folder) =>
        new(Path.Combine(folder, "train.csv"), Path.Combine(folder, "test.csv"), Path.Combine(folder, "audio"));

    static void Write(string folder, ulong seed, int clips, int testClips)
    {
        string audio = Path.Combine(folder, "audio");
        Directory.CreateDirectory(audio);
        var train = Header();
        var test = Header();
        var scenes = DemoScene.Draw(clips, new PhiloxSequence(new Philox(seed)));
        for (int i = 0; i < clips; i++)
        {
            string name = $"demo-{i + 1:D4}.wav";
            File.WriteAllBytes(Path.Combine(audio, name),
                Wav16.Encode(SceneSound.Render(scenes[i], SoundRandom(seed, i)), SceneSound.SampleRateHz));
            Append(i < clips - testClips ? train : test, name, SceneCaptions.Write(scenes[i], CaptionsPerClip, CaptionRandom(seed, i)));
        }
        DurableFile.WriteAllText(Path.Combine(folder, "train.csv"), train.ToString());
        DurableFile.WriteAllText(Path.Combine(folder, "test.csv"), test.ToString());
    }

    // Each clip has random streams of its own: the numbers that one clip draws do not move the others.
    static PhiloxSequence SoundRandom(ulong seed, int clip) => new(new Philox(seed, 2 * (ulong)clip + 1));

    static PhiloxSequence CaptionRandom(ulong seed, int clip) => new(new Philox(seed, 2 * (ulong)clip + 2));

    static StringBuilder Header() =>
        new StringBuilder("file_name,").AppendJoin(',', Enumerable.Range(1, CaptionsPerClip).Select(i => $"caption_{i}")).Append('\n');

    static void Append(StringBuilder csv, string name, IEnumerable<string> captions) =>
        csv.Append(name).Append(',').AppendJoin(',', captions.Select(caption => caption.Contains(',') ? $"\"{caption}\"" : caption))
            .Append('\n');
}
