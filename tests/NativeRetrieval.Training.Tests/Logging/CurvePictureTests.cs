using System.Globalization;
using System.Xml.Linq;
using NativeRetrieval.Training.Logging;

namespace NativeRetrieval.Training.Tests.Logging;

public sealed class CurvePictureTests
{
    static readonly XNamespace _svg = "http://www.w3.org/2000/svg";

    [Fact]
    public void DrawsTheMeanLossEveryScoreAndTheRateOverEpochs()
    {
        MetricsLine[] log =
        [
            Line(1, 1, ("loss", 4), ("lr", 1)), Line(1, 2, ("loss", 2)),
            Line(1, 2, ("validation/r1", 0.1), ("validation/mean_rank", 70), ("test <a>/map10", 0.2)),
            Line(2, 3, ("loss", 1), ("lr", 1e-5)), Line(2, 4, ("loss", double.NaN)), Line(2, 4, ("validation/r1", 0.3)),
            Line(3, 5, ("loss", 2)), Line(3, 6, ("validation/r1", 0.2)),
        ];
        var picture = XDocument.Parse(CurvePicture.Render(log));
        var curves = picture.Descendants(_svg + "polyline").Select(Points).ToList();
        Assert.Equal(4, curves.Count);
        Assert.Equal(2, curves[3].Count);
        Assert.True(curves[3][0].Y < curves[3][1].Y);
        // Loss: epoch 2 has a NaN and is left out; epoch 1 is the mean of 4 and 2. Above is smaller y.
        Assert.Equal(2, curves[0].Count);
        Assert.True(curves[0][0].Y < curves[0][1].Y && curves[0][0].X < curves[0][1].X);
        Assert.Equal(3, curves[1].Count);
        Assert.True(curves[1][1].Y < curves[1][2].Y && curves[1][2].Y < curves[1][0].Y);
        Assert.Equal(curves[1][0].X, curves[0][0].X);
        Assert.Contains("test <a>/map10", picture.Descendants(_svg + "text").Select(text => text.Value));
        Assert.DoesNotContain("validation/mean_rank", picture.Descendants(_svg + "text").Select(text => text.Value));
        Assert.All(curves.SelectMany(curve => curve), point => Assert.True(point.X is >= 0 and <= 760 && point.Y is >= 0 and <= 900));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(200)]
    public void RunsOfAnyLengthGiveAPicture(int epochs)
    {
        var picture = XDocument.Parse(
            CurvePicture.Render([.. Enumerable.Range(1, epochs).Select(epoch => Line(epoch, epoch, ("loss", 3.5), ("validation/r1", 0)))]));
        Assert.Equal(epochs == 0 ? 0 : 2, picture.Descendants(_svg + "polyline").Count());
        Assert.DoesNotContain("NaN", picture.ToString());
        Assert.InRange(picture.Descendants(_svg + "text").Count(), 3, 32);
    }

    static List<(double X, double Y)> Points(XElement polyline) =>
        [.. polyline.Attribute("points")!.Value.Split(' ').Select(pair => pair.Split(','))
            .Select(pair => (double.Parse(pair[0], CultureInfo.InvariantCulture), double.Parse(pair[1], CultureInfo.InvariantCulture)))];

    static MetricsLine Line(int epoch, long step, params (string Name, double Value)[] values) =>
        new(epoch, step, [.. values.Select(pair => KeyValuePair.Create(pair.Name, pair.Value))]);
}
