using CustomOp;

return GradientCheck.Run(SoftPlus.Apply, [-30, -2, -0.5, 0, 0.5, 2, 30], Console.Out);
