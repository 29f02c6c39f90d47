using NativeRetrieval.Evaluation.Data;
using NativeRetrieval.Text;

namespace NativeRetrieval.Training.Data;

/// <summary>The captions of a data set with numbers: captions that are equal after the caption rule have the same one.</summary>
internal sealed class CaptionTable
{
    readonly Dataset _data;
    readonly int[][] _ids;
    readonly int[] _sounds;

    /// <param name="join">Clips with a caption in common are one sound, and so are those that a chain of such clips connects.</param>
    public CaptionTable(Dataset data, CaptionNormalizer rule, bool join)
    {
        _data = data;
        var idOf = new Dictionary<string, int>(StringComparer.Ordinal);
        _ids = [.. data.Clips.Select(clip => clip.Captions.Select(Id).ToArray())];
        Texts = [.. idOf.Keys];
        _sounds = [.. Enumerable.Range(0, _ids.Length)];
        if (join) Join();

        int Id(string caption)
        {
            string text = rule.Key(caption);
            if (!idOf.TryGetValue(text, out int id)) idOf.Add(text, id = idOf.Count);
            return id;
        }
    }

    /// <summary>The distinct captions in the order of their numbers, after the caption rule.</summary>
    public IReadOnlyList<string> Texts { get; }

    /// <summary>The caption as the data has it.</summary>
    public string this[TrainingItem item] => _data.Clips[item.Clip].Captions[item.Caption];

    /// <summary>Number of an item's caption text.</summary>
    public int Text(TrainingItem item) => _ids[item.Clip][item.Caption];

    /// <summary>Number that the clips of one sound share; without joining, the clip's own.</summary>
    public int Sound(int clip) => _sounds[clip];

    /// <summary>Union and find: every text leads to the first clip that has it.</summary>
    void Join()
    {
        var first = new int[Texts.Count];
        Array.Fill(first, -1);
        for (int clip = 0; clip < _ids.Length; clip++)
            foreach (int text in _ids[clip])
            {
                if (first[text] < 0) first[text] = clip;
                else _sounds[Root(clip)] = Root(first[text]);
            }
        for (int clip = 0; clip < _sounds.Length; clip++) _sounds[clip] = Root(clip);

        int Root(int clip)
        {
            while (_sounds[clip] != clip) clip = _sounds[clip] = _sounds[_sounds[clip]];
            return clip;
        }
    }
}
