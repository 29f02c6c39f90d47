using System.Globalization;
using System.Security;
using System.Text;
using NativeRetrieval.Core.Serialization;

namespace NativeRetrieval.Training.Logging;

/// <summary>A picture of a run (SVG): training loss, scores of every evaluated set, and learning rate, over epochs.</summary>
public static class CurvePicture
{
    const int Width = 760, PanelHeight = 300, Left = 64, Right = 170, Top = 40, Bottom = 44;
    const int Panels = 3;
    const string LossKey = "loss", RateKey = "lr";

    // Eight colours that stay apart for colour-blind readers (Okabe and Ito 2008), the yellow left out on white.
    static readonly string[] _colours = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000", "#7F7F7F"];

    /// <summary>
    /// Writes the picture of a log durably. Losses and rates are averaged over each epoch; scores are the
    /// keys that hold a slash, shares between 0 and 1.
    /// </summary>
    public static void Write(string path, IReadOnlyList<MetricsLine> log) => DurableFile.WriteAllText(path, Render(log));

    /// <summary>The picture of a log, as SVG text.</summary>
    public static string Render(IReadOnlyList<MetricsLine> log)
    {
        var svg = new StringBuilder();
        const int Height = Panels * PanelHeight;
        svg.Append(CultureInfo.InvariantCulture,
            $"""<svg xmlns="http://www.w3.org/2000/svg" width="{Width}" height="{Height}" viewBox="0 0 {Width} {Height}" """);
        svg.Append("""font-family="sans-serif" font-size="12" role="img">""");
        svg.Append("<title>Training curves</title><rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n");
        AppendPanel(svg, 0, "Loss", EpochMeans(log, LossKey), fromZero: false);
        AppendPanel(svg, PanelHeight, "Scores", ScoreCurves(log), fromZero: true);
        AppendPanel(svg, 2 * PanelHeight, "Learning rate", EpochMeans(log, RateKey), fromZero: true);
        return svg.Append("</svg>\n").ToString();
    }

    static List<Curve> EpochMeans(IReadOnlyList<MetricsLine> log, string key)
    {
        var points = log.Where(line => line[key] is not null)
            .GroupBy(line => line.Epoch).OrderBy(epoch => epoch.Key)
            .Select(epoch => ((double)epoch.Key, epoch.Average(line => line[key]!.Value))).ToList();
        return points.Count > 0 ? [new Curve(key, points)] : [];
    }

    static List<Curve> ScoreCurves(IReadOnlyList<MetricsLine> log)
    {
        var names = log.SelectMany(line => line.Values).Select(pair => pair.Key).Where(IsShare).Distinct();
        return [.. names.Select(name =>
            new Curve(name, [.. log.Where(line => line[name] is not null).Select(line => ((double)line.Epoch, line[name]!.Value))]))];
    }

    /// <summary>Recall and precision; ranks have another scale.</summary>
    static bool IsShare(string name) =>
        name.Contains('/') && !name.EndsWith("rank", StringComparison.Ordinal) && !name.EndsWith("queries", StringComparison.Ordinal);

    static void AppendPanel(StringBuilder svg, int y, string title, List<Curve> curves, bool fromZero)
    {
        var points = curves.SelectMany(curve => curve.Points).Where(point => double.IsFinite(point.Y)).ToList();
        svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="{y + 24}" font-size="15" font-weight="bold">{title}</text>""")
            .Append('\n');
        if (points.Count == 0)
        {
            svg.Append(CultureInfo.InvariantCulture, $"""<text x="{Left}" y="{y + Top + 20}" fill="#666">nothing logged yet</text>""")
                .Append('\n');
            return;
        }
        var horizontal = new ChartAxis(points.Min(point => point.X), points.Max(point => point.X), Left, Width - Right, tight: true);
        double low = fromZero ? 0 : points.Min(point => point.Y);
        var vertical = new ChartAxis(low, points.Max(point => point.Y), y + PanelHeight - Bottom, y + Top, tight: false);
        AppendGrid(svg, horizontal, vertical);
        for (int i = 0; i < curves.Count; i++) AppendCurve(svg, curves[i], i, horizontal, vertical, y);
    }

    static void AppendGrid(StringBuilder svg, ChartAxis horizontal, ChartAxis vertical)
    {
        foreach (double tick in vertical.Ticks)
        {
            double y = vertical.Place(tick);
            svg.Append(CultureInfo.InvariantCulture,
                $"""<line x1="{Left}" y1="{y:0.##}" x2="{Width - Right}" y2="{y:0.##}" stroke="#ddd"/>""");
            svg.Append(CultureInfo.InvariantCulture,
                $"""<text x="{Left - 8}" y="{y + 4:0.##}" text-anchor="end">{tick:G4}</text>""").Append('\n');
        }
        double bottom = vertical.Place(vertical.Low);
        foreach (double tick in horizontal.Ticks)
            svg.Append(CultureInfo.InvariantCulture,
                $"""<text x="{horizontal.Place(tick):0.##}" y="{bottom + 18:0.##}" text-anchor="middle">{tick:0}</text>""").Append('\n');
        svg.Append(CultureInfo.InvariantCulture,
            $"""<text x="{(Left + Width - Right) / 2}" y="{bottom + 36:0.##}" text-anchor="middle" fill="#666">epoch</text>""")
            .Append('\n');
    }

    static void AppendCurve(StringBuilder svg, Curve curve, int index, ChartAxis horizontal, ChartAxis vertical, int y)
    {
        string colour = _colours[index % _colours.Length];
        string dash = index >= _colours.Length ? " stroke-dasharray=\"5 3\"" : "";
        var drawn = curve.Points.Where(point => double.IsFinite(point.Y)).ToList();
        string path = string.Join(' ', drawn.Select(point =>
            string.Create(CultureInfo.InvariantCulture, $"{horizontal.Place(point.X):0.##},{vertical.Place(point.Y):0.##}")));
        svg.Append(CultureInfo.InvariantCulture, $"""<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dash}/>""");
        foreach (var (x, value) in drawn)
            svg.Append(CultureInfo.InvariantCulture,
                $"""<circle cx="{horizontal.Place(x):0.##}" cy="{vertical.Place(value):0.##}" r="2" fill="{colour}"/>""");
        int legend = y + Top + 10 + 18 * index;
        svg.Append(CultureInfo.InvariantCulture,
            $"""<line x1="{Width - Right + 14}" y1="{legend - 4}" x2="{Width - Right + 34}" y2="{legend - 4}" """);
        svg.Append(CultureInfo.InvariantCulture, $"""stroke="{colour}" stroke-width="2"{dash}/>""");
        svg.Append(CultureInfo.InvariantCulture,
            $"""<text x="{Width - Right + 40}" y="{legend}">{SecurityElement.Escape(curve.Name)}</text>""").Append('\n');
    }
}

/// <summary>One line of a chart.</summary>
/// <param name="Points">x ascending; points whose y is NaN are left out.</param>
public sealed record Curve(string Name, IReadOnlyList<(double X, double Y)> Points);
