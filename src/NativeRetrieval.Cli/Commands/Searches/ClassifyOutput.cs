using System.Globalization;
using System.Text.Json;
using NativeRetrieval.Cli.Output;
using NativeRetrieval.Engine;
using NativeRetrieval.Indexing;

namespace NativeRetrieval.Cli.Commands.Searches;

/// <summary>Prints the labels of sounds as a table, as one JSON document, or as a line of JSON each.</summary>
/// <param name="least">Least share of a label that is named, 0 to 1.</param>
/// <param name="hasSets">True where labels came from several files, which are then named.</param>
/// <param name="hasTimes">True where stretches are classified.</param>
/// <param name="background">Quantiles of scores that mean nothing; empty: there are none.</param>
/// <param name="asLines">True to print a line for each sound at once and keep none.</param>
internal sealed class ClassifyOutput(Terminal terminal, double least, bool hasSets, bool hasTimes, IReadOnlyList<float> background,
    bool asLines)
{
    readonly List<ClassifiedSound> _sounds = [];

    public void Add(ClassifiedSound sound)
    {
        if (!asLines)
        {
            _sounds.Add(sound);
            return;
        }
        terminal.WriteJsonLine(json => WriteMembers(json, sound));
        terminal.Flush(); // the reader may be a program that waits for it
    }

    public void WriteTable()
    {
        bool hasAbove = background.Count > 0;
        string[] times = hasTimes ? ["from", "to"] : [], set = hasSets ? ["labels"] : [], above = hasAbove ? [">above"] : [];
        var table = new Table(["file", .. times, .. set, ">share", .. above, "label"]);
        foreach (var sound in _sounds)
            foreach (var labels in sound.Sets)
            {
                var named = Named(labels);
                if (named.Count == 0) AddRow(sound, labels.Name, "", "", "(none of the labels)");
                foreach (var share in named)
                    AddRow(sound, labels.Name, string.Create(CultureInfo.InvariantCulture, $"{100 * share.Share:F1} %"),
                        HitList.Percent(IndexBackground.PercentileOf(background, (float)share.Cosine)), share.Label);
            }
        table.Write(terminal);

        void AddRow(ClassifiedSound sound, string name, string share, string percent, string label)
        {
            string[] from = hasTimes ? [HitList.Time(sound.StartSeconds), HitList.Time(sound.EndSeconds)] : [];
            string[] of = hasSets ? [name] : [], over = hasAbove ? [percent] : [];
            table.Add([sound.Path, .. from, .. of, share, .. over, label]);
        }
    }

    public void WriteJson() => terminal.WriteJson(json =>
    {
        json.WriteNumber("threshold", least);
        json.WriteStartArray("sounds");
        foreach (var sound in _sounds)
        {
            json.WriteStartObject();
            WriteMembers(json, sound);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });

    void WriteMembers(Utf8JsonWriter json, ClassifiedSound sound)
    {
        json.WriteString("path", Path.GetFullPath(sound.Path));
        json.WriteNumber("start_seconds", Math.Round(sound.StartSeconds, 3));
        json.WriteNumber("end_seconds", Math.Round(sound.EndSeconds, 3));
        json.WriteStartArray("labels");
        foreach (var labels in sound.Sets)
            foreach (var share in Named(labels))
            {
                json.WriteStartObject();
                if (hasSets) json.WriteString("set", labels.Name);
                json.WriteString("label", share.Label);
                json.WriteNumber("share", Math.Round(share.Share, 6));
                json.WriteNumber("cosine", Math.Round(share.Cosine, 6));
                if (background.Count > 0)
                    json.WriteNumber("percentile", Math.Round(IndexBackground.PercentileOf(background, (float)share.Cosine), 3));
                json.WriteEndObject();
            }
        json.WriteEndArray();
    }

    List<LabelShare> Named(LabelShares labels) => [.. labels.Shares.Where(share => share.Share >= least)];
}

/// <summary>A sound, or a stretch of one, with the shares of labels.</summary>
internal sealed record ClassifiedSound(string Path, double StartSeconds, double EndSeconds, IReadOnlyList<LabelShares> Sets);

/// <summary>The shares of one file's labels, which add up to 1.</summary>
internal sealed record LabelShares(string Name, IReadOnlyList<LabelShare> Shares);
